import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A way to a server that can be broken at a chosen moment. */
export class BreakableWay {
  readonly #server: Server
  readonly #target: number
  readonly #pairs = new Set<[client: Socket, server: Socket]>()
  #mode: 'open' | 'silent' = 'open'
  /** So many answers still come through; undefined: all of them. */
  #answers: number | undefined
  #cuts = 0

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer((client) => this.#join(client))
  }

  static async to(target: number): Promise<BreakableWay> {
    const proxy = new BreakableWay(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** How many connections were cut before the answer to a command. */
  get cuts(): number {
    return this.#cuts
  }

  /**
   * The server gets the next command, and the connection ends before its answer comes through;
   * `after`: so many answers later.
   */
  cutAnswer({ after = 0 } = {}): void {
    this.#answers = after
  }

  /** Connections stay open, and nothing comes through any more: a cable that was pulled. */
  silence(): void {
    this.#mode = 'silent'
  }

  open(): void {
    this.#mode = 'open'
    // What was sent meanwhile is lost, as a network loses it.
    this.#end()
  }

  async close(): Promise<void> {
    this.#end()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1')
    const pair: [Socket, Socket] = [client, server]
    this.#pairs.add(pair)
    const end = () => {
      this.#pairs.delete(pair)
      for (const socket of pair) socket.destroy()
    }
    for (const socket of pair) {
      socket.on('close', end)
      socket.on('error', end)
    }
    client.on('data', (data) => {
      if (this.#mode !== 'silent') server.write(data)
    })
    server.on('data', (data) => {
      if (this.#mode === 'silent') return
      if (this.#answers !== 0) client.write(data)
      if (this.#answers === undefined || this.#answers-- > 0) return
      this.#answers = undefined
      this.#cuts++
      end()
    })
  }

  #end(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }
}
