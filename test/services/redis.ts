import { connect } from 'node:net'
import { freePort, Server } from './server.js'
import { ensure, find, type Tool } from './tools.js'

const REDIS: Tool = { names: ['redis-server'], package: 'redis-server', variable: 'TEST_REDIS_URL' }

/**
 * A Redis of one's own on a free loopback port, without persistence. A test that needs an outage
 * starts one, stops it and starts it again: the port stays, the data does not.
 */
export class RedisServer extends Server {
  readonly url: string
  readonly #binary: string

  readonly #extra: readonly string[]

  private constructor(binary: string, port: number, extra: readonly string[]) {
    super('redis', port)
    this.#binary = binary
    this.#extra = extra
    this.url = `redis://127.0.0.1:${port}`
  }

  /** `extra`: options of redis-server beside those that every test needs. */
  static async start(extra: readonly string[] = []): Promise<RedisServer> {
    for (let attempt = 1; ; attempt++) {
      const server = new RedisServer(ensure(REDIS), await freePort(), extra)
      try {
        await server.start()
        return server
      } catch (error) {
        // Another process may have taken the port since it was free.
        if (attempt === 3 || !String(error).includes('Address already in use')) throw error
      }
    }
  }

  /** False where tests that start their own Redis have to be skipped. */
  static get available(): boolean {
    return find(REDIS) !== undefined
  }

  protected command(): string[] {
    const options = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.folder]
    return [this.#binary, ...this.#extra, ...options, '--save', '', '--appendonly', 'no']
  }

  protected answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write('PING\r\n'))
      socket.setTimeout(1000, () => socket.destroy())
      socket.once('data', (reply) => {
        resolve(reply.toString().startsWith('+PONG'))
        socket.destroy()
      })
      socket.once('error', () => resolve(false))
      socket.once('close', () => resolve(false))
    })
  }
}
