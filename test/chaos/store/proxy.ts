import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

// A server that took a whole command may not have read it yet.
const LINGER_MS = 50

/** `before`: the command does not reach the store. `after`: its answer does not come back. */
export type When = 'before' | 'after'

interface Cut {
  when: When
  command: RegExp
  done(): void
}

/** Stands between the servers and a store, and cuts connections at a command of its choice. */
export class StoreProxy {
  readonly #server: Server
  readonly #links = new Set<Link>()
  #isStalled = false
  #cut: Cut | undefined

  private constructor(upstream: number) {
    this.#server = createServer((client) => {
      const link = new Link(client, upstream, this)
      this.#links.add(link)
      link.stall(this.#isStalled)
      client.once('close', () => this.#links.delete(link))
    })
  }

  static async start(upstream: number): Promise<StoreProxy> {
    const proxy = new StoreProxy(upstream)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    const address = this.#server.address() as AddressInfo
    return address.port
  }

  /** Cuts the connection that carries the next command of this kind, and resolves then. */
  cut(when: When, command: RegExp): Promise<void> {
    return new Promise((done) => {
      this.#cut = { when, command, done }
    })
  }

  /** The cut that these bytes are for, if there is one: each is taken once. */
  take(chunk: Buffer): Cut | undefined {
    const cut = this.#cut
    if (!cut?.command.test(chunk.toString('latin1'))) return undefined
    this.#cut = undefined
    return cut
  }

  /** Nothing passes until it is called with false. Connections stay open. */
  stall(isStalled: boolean): void {
    this.#isStalled = isStalled
    for (const link of this.#links) link.stall(isStalled)
  }

  calm(): void {
    this.#cut?.done()
    this.#cut = undefined
    this.stall(false)
  }

  async close(): Promise<void> {
    for (const link of this.#links) link.end()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** One connection of a server to the store. */
class Link {
  readonly #client: Socket
  readonly #store: Socket
  /** The answer to what was sent last is to be lost. */
  #losing: Cut | undefined

  constructor(client: Socket, upstream: number, proxy: StoreProxy) {
    this.#client = client.setNoDelay()
    this.#store = connect(upstream, '127.0.0.1').setNoDelay()
    for (const socket of [this.#client, this.#store])
      socket.on('error', () => undefined).once('close', () => this.end())
    this.#client.on('data', (chunk) => this.#command(chunk, proxy.take(chunk)))
    this.#store.on('data', (chunk) => this.#answer(chunk))
  }

  #command(chunk: Buffer, cut: Cut | undefined): void {
    if (cut?.when === 'before') {
      this.end()
      cut.done()
      return
    }
    this.#losing ??= cut
    this.#store.write(chunk)
  }

  #answer(chunk: Buffer): void {
    if (!this.#losing) {
      this.#client.write(chunk)
      return
    }
    // It took effect, as there is an answer. What else was on the way may take effect as well.
    this.#store.removeAllListeners('data').resume()
    this.#client.removeAllListeners('close').destroy()
    setTimeout(() => this.end(), LINGER_MS)
    this.#losing.done()
    this.#losing = undefined
  }

  stall(isStalled: boolean): void {
    for (const socket of [this.#client, this.#store]) {
      if (isStalled) socket.pause()
      else socket.resume()
    }
  }

  end(): void {
    this.#client.destroy()
    this.#store.destroy()
  }
}
