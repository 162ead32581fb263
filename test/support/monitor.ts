import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'

/**
 * The commands that reach a server, as MONITOR lists them, on a bare socket: on a busy server the
 * first lines may come with the answer to MONITOR, and ioredis fails at them.
 */
export class Monitor {
  readonly #socket: Socket
  readonly #client: Redis
  readonly #commands: string[][] = []
  /** What to call when the ECHO of an argument is listed. */
  readonly #markers = new Map<string, () => void>()

  private constructor(socket: Socket, client: Redis) {
    this.#socket = socket
    this.#client = client
    createInterface(socket).on('line', (line) => this.#read(line))
  }

  static async start(url: string): Promise<Monitor> {
    const { hostname, port, username, password } = new URL(url)
    const socket = connect(Number(port || 6379), hostname)
    await once(socket, 'connect')
    const monitor = new Monitor(socket, new Redis(url))
    const auth = password && `AUTH ${username || 'default'} ${password}\r\n`
    socket.write(`${auth}MONITOR\r\n`)
    // Commands that come before the answer are not listed.
    await once(socket, 'data')
    return monitor
  }

  /** The commands since the last call, without those that a script runs. */
  async taken(): Promise<string[][]> {
    const marker = randomUUID()
    // All earlier commands are listed before this ECHO.
    const listed = new Promise<void>((resolve) => this.#markers.set(marker, resolve))
    await this.#client.echo(marker)
    await listed
    return this.#commands.splice(0)
  }

  stop(): void {
    this.#socket.destroy()
    this.#client.disconnect()
  }

  #read(line: string): void {
    if (/^\+\S+ \[\d+ lua\]/.test(line)) return
    const args = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, arg = '']) => arg)
    const marked = this.#markers.get(args[1] ?? '')
    if (marked) marked()
    else if (args.length > 0) this.#commands.push(args)
  }
}
