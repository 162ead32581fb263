import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { ask } from '../services/redis-cluster.js'

/**
 * What MONITOR tells of one server, on a bare socket: what others do on a busy server may come with
 * the very answer to MONITOR, and ioredis takes it for an answer too many.
 */
export class Monitor {
  readonly #port: number
  readonly #socket: Socket
  readonly #commands: string[][] = []
  #heard: (() => void) | undefined

  private constructor(port: number, socket: Socket) {
    this.#port = port
    this.#socket = socket
    createInterface(socket).on('line', (line) => this.#hear(line))
  }

  static async start(port: number): Promise<Monitor> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const monitor = new Monitor(port, socket)
    socket.write('MONITOR\r\n')
    // The answer to it is the first line of all.
    await once(socket, 'data')
    return monitor
  }

  /** The commands that came since the last call; what a script does inside is none. */
  async taken(): Promise<string[][]> {
    // What came before this ECHO has been told when its own line comes.
    const heard = new Promise<void>((resolve) => {
      this.#heard = resolve
    })
    await ask({ port: this.#port }, (client) => client.echo('marker'))
    await heard
    return this.#commands.splice(0)
  }

  stop(): void {
    this.#socket.destroy()
  }

  #hear(line: string): void {
    if (/^\+\S+ \[\d+ lua\]/.test(line)) return
    const args = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, arg = '']) => arg)
    if (args[1] === 'marker') this.#heard?.()
    else if (args.length > 0) this.#commands.push(args)
  }
}
