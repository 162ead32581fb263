import { once } from 'node:events'
import { connect } from 'node:net'

const END_OF_HEAD = '\r\n\r\n'

/**
 * A keep-alive connection that sends the next of its requests when the answer to the last one is there.
 * Unlike that of bench/http, it goes on after an answer that is not 200, and counts it.
 */
export class Client {
  #socket
  #requests
  #turn = 0
  #rest
  #begun = 0
  #done
  #isOver
  latencies = []
  /** Answers by status. */
  statuses = {}
  unanswered = 0

  constructor(requests) {
    this.#requests = requests
  }

  async open(port) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.setNoDelay(true)
    await once(this.#socket, 'connect')
    this.#socket.on('data', (chunk) => this.#read(chunk))
    this.#socket.on('error', (error) => this.#done?.reject(error))
    this.#socket.on('close', () => this.#done?.reject(new Error('The server hung up')))
  }

  /** Sends until that function returns true. */
  drive(isOver) {
    this.#isOver = isOver
    return new Promise((resolve, reject) => {
      this.#done = { resolve, reject }
      this.#send()
    })
  }

  /** Waits no longer for an answer. What it waited so far counts as the latency. */
  giveUp() {
    if (!this.#done) return
    this.unanswered++
    this.latencies.push(performance.now() - this.#begun)
    this.#finish()
    this.close()
  }

  close() {
    this.#done = undefined
    this.#socket.destroy()
  }

  #send() {
    this.#begun = performance.now()
    this.#socket.write(this.#requests[this.#turn++ % this.#requests.length])
  }

  #read(chunk) {
    const data = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk
    const end = data.indexOf(END_OF_HEAD)
    const head = end < 0 ? '' : data.latin1Slice(0, end)
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
    if (length === undefined || data.length < end + END_OF_HEAD.length + Number(length)) {
      this.#rest = data
      return
    }
    this.#rest = undefined
    const status = head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)
    this.statuses[status] = (this.statuses[status] ?? 0) + 1
    this.latencies.push(performance.now() - this.#begun)
    if (this.#isOver()) this.#finish()
    else this.#send()
  }

  #finish() {
    const { resolve } = this.#done
    this.#done = undefined
    resolve()
  }
}
