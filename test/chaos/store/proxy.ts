import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

// The store may not have read all of what it was sent.
const LINGER_MS = 50

/** `before`: the command does not reach the store. `after`: its answer does not come back. */
export type When = 'before' | 'after'

/** Decides by its bytes whether a command is the one to cut. It is asked once about each. */
export type CommandTest = Pick<RegExp, 'test'>

interface Cut {
  when: When
  command: CommandTest
  done(): void
}

/** A TCP proxy in front of a store, which cuts a connection at a chosen command. */
export class StoreProxy {
  readonly #server: Server
  readonly #connections = new Set<ProxiedConnection>()
  #isStalled = false
  #cut: Cut | undefined

  private constructor(upstream: number) {
    this.#server = createServer((client) => {
      const connection = new ProxiedConnection(client, upstream, this)
      this.#connections.add(connection)
      connection.stall(this.#isStalled)
      client.once('close', () => this.#connections.delete(connection))
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
  cut(when: When, command: CommandTest): Promise<void> {
    return new Promise((done) => {
      this.#cut = { when, command, done }
    })
  }

  /** Takes the cut that is due at these bytes, if there is one. */
  take(chunk: Buffer): Cut | undefined {
    const cut = this.#cut
    if (!cut?.command.test(chunk.toString('latin1'))) return undefined
    this.#cut = undefined
    return cut
  }

  /** While stalled, no bytes pass and connections stay open. */
  stall(isStalled: boolean): void {
    this.#isStalled = isStalled
    for (const connection of this.#connections) connection.stall(isStalled)
  }

  calm(): void {
    this.#cut?.done()
    this.#cut = undefined
    this.stall(false)
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.end()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** One connection of a server to the store. */
class ProxiedConnection {
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
    // There is an answer, so the command took effect. Commands sent with it may take effect too.
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
