import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { find } from './tools.js'

const START_MS = 30_000

// Debian's `nobody`, for servers that refuse to run as root.
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

/** A server of one's own on a free loopback port, with a folder of its own. It ends with this process. */
export abstract class Server {
  readonly port: number
  protected readonly folder: string
  readonly #name: string
  readonly #user: { uid: number; gid: number } | undefined
  #process: ChildProcess | undefined

  /** `asRoot: false` for a server that refuses to run as root. */
  protected constructor(name: string, port: number, { asRoot = true } = {}) {
    this.#name = name
    this.port = port
    this.folder = mkdtempSync(join(tmpdir(), `koa-sess-${name}-`))
    this.#user = asRoot || !isRoot ? undefined : { uid: NOBODY, gid: NOBODY }
    if (this.#user) chownSync(this.folder, NOBODY, NOBODY)
    process.once('exit', this.#cleanUp)
  }

  /** The program and its arguments. */
  protected abstract command(): string[]
  /** Whether it serves. */
  protected abstract answers(): Promise<boolean>
  /** What ends it at once, as in a crash. */
  protected readonly crash: NodeJS.Signals = 'SIGKILL'

  async start(): Promise<void> {
    if (this.#process) throw new Error(`This ${this.#name} is running`)
    // Where Linux can, the server dies with the test process, however that ends.
    const setpriv = find({ names: ['setpriv'] })
    const [file = '', ...args] = [
      ...(setpriv ? [setpriv, '--pdeathsig', 'KILL'] : []),
      ...this.command(),
    ]
    const child = spawn(file, args, { ...this.#where, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const note = (text: Buffer) => {
      output += text
    }
    child.stdout.on('data', note)
    child.stderr.on('data', note)
    this.#process = child

    const deadline = Date.now() + START_MS
    while (!(await this.answers())) {
      if (child.exitCode !== null || Date.now() > deadline) {
        await this.stop()
        throw new Error(`${file} did not start on port ${this.port}:\n${output}`)
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
    child.kill(this.crash)
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

  /** Runs a program that prepares the folder. */
  protected run(file: string, ...args: string[]): void {
    execFileSync(file, args, { ...this.#where, stdio: 'pipe' })
  }

  get #where() {
    // MariaDB deletes `#sql*` files in the folder of temporary files when it starts. In a folder that
    // servers share, those are the files of another server that starts just now.
    return { cwd: this.folder, env: { ...process.env, TMPDIR: this.folder }, ...this.#user }
  }

  readonly #cleanUp = (): void => {
    this.#process?.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

// Below the ports that Linux gives to outgoing connections: one of those could take a port that is
// free now before the server does.
const PORTS = { first: 15_000, last: 32_000 }

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.first, PORTS.last)
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}
