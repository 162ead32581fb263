import { once } from 'node:events'
import { connect } from 'node:net'

const OK = Buffer.from('HTTP/1.1 200 ')
const END_OF_HEAD = '\r\n\r\n'

/** A keep-alive connection that sends the next request when the last response is complete. */
export class Connection {
  #socket
  #requests
  #turn
  #body
  #rest
  #until = 0
  #begun = 0
  #latencies
  #done

  constructor({ requests, turn, body }) {
    this.#requests = requests
    this.#turn = turn
    this.#body = body
  }

  async open(port) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.setNoDelay(true)
    await once(this.#socket, 'connect')
    this.#socket.on('data', (chunk) => this.#read(chunk))
    this.#socket.on('error', (error) => this.#done?.reject(error))
    this.#socket.on('close', () =>
      this.#done?.reject(new Error('The server closed the connection')),
    )
  }

  /** Sends requests until a moment, and adds the latency of each response to `latencies`, in ms. */
  drive(until, latencies) {
    this.#until = until
    this.#latencies = latencies
    return new Promise((resolve, reject) => {
      this.#done = { resolve, reject }
      this.#send()
    })
  }

  close() {
    this.#done = undefined
    this.#socket.destroy()
  }

  #send() {
    this.#turn = (this.#turn + 1) % this.#requests.length
    this.#begun = performance.now()
    this.#socket.write(this.#requests[this.#turn])
  }

  #read(chunk) {
    const data = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk
    const head = data.indexOf(END_OF_HEAD)
    const length = head < 0 ? undefined : bodyLength(data.latin1Slice(0, head))
    if (length === undefined || data.length < head + END_OF_HEAD.length + length) {
      this.#rest = data
      return
    }
    this.#rest = undefined
    const now = performance.now()
    this.#latencies.push(now - this.#begun)
    if (!this.#isExpected(data, head)) this.#done.reject(new Error(data.latin1Slice()))
    else if (now < this.#until) this.#send()
    else this.#done.resolve()
  }

  #isExpected(data, head) {
    const begins = OK.compare(data, 0, OK.length) === 0
    return begins && data.latin1Slice(head + END_OF_HEAD.length) === this.#body
  }
}

function bodyLength(head) {
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(head) ?? []
  return length === undefined ? undefined : Number(length)
}
