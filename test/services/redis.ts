import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensure, find, type Tool } from './tools.js'

const REDIS: Tool = { names: ['redis-server'], package: 'redis-server', variable: 'TEST_REDIS_URL' }
const START_MS = 10_000

/**
 * A Redis of one's own on a free loopback port, without persistence. A test that needs an outage
 * starts one, stops it and starts it again: the port stays, the data does not.
 */
export class RedisServer {
  readonly port: number
  readonly url: string
  readonly #binary: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'koa-sess-redis-'))
  #process: ChildProcess | undefined

  private constructor(binary: string, port: number) {
    this.#binary = binary
    this.port = port
    this.url = `redis://127.0.0.1:${port}`
    process.once('exit', this.#cleanUp)
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(ensure(REDIS), await freePort())
    await server.start()
    return server
  }

  /** False where tests that start their own Redis have to be skipped. */
  static get available(): boolean {
    return find(REDIS) !== undefined
  }

  async start(): Promise<void> {
    if (this.#process) throw new Error('This Redis is running')
    const options = ['--port', this.port, '--bind', '127.0.0.1', '--dir', this.#folder]
    const command = [this.#binary, ...options.map(String), '--save', '', '--appendonly', 'no']
    // Where Linux can, the server dies with the test process, however that ends.
    const setpriv = find({ names: ['setpriv'] })
    if (setpriv) command.unshift(setpriv, '--pdeathsig', 'KILL')
    const [file = '', ...args] = command
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const note = (text: Buffer) => {
      output += text
    }
    child.stdout.on('data', note)
    child.stderr.on('data', note)
    this.#process = child

    const deadline = Date.now() + START_MS
    while (!(await answers(this.port))) {
      if (child.exitCode !== null || Date.now() > deadline) {
        await this.stop()
        throw new Error(`redis-server did not start on port ${this.port}:\n${output}`)
      }
      await sleep(10)
    }
  }

  /** At once, as in a crash. */
  async stop(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Connections stay open and nothing answers, as with a hung server. */
  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  /** Stops it for good. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    process.off('exit', this.#cleanUp)
    this.#cleanUp()
  }

  readonly #cleanUp = (): void => {
    this.#process?.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('No free port')
  return address.port
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.setTimeout(1000, () => socket.destroy())
    socket.once('data', (reply) => {
      resolve(reply.toString().startsWith('+PONG'))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
