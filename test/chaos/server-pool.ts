import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Random } from './random.js'
import type { Task } from './server/process.js'

const PROGRAM = fileURLToPath(new URL('server/process.js', import.meta.url))
const START_MS = 60_000

/** One server process, which can be killed and started again. */
class Server {
  readonly label: string
  readonly #task: Task
  #process: ChildProcess | undefined
  origin: string | undefined

  constructor(label: string, task: Task) {
    this.label = label
    this.#task = task
  }

  async start(): Promise<void> {
    const env = { ...process.env, CHAOS: JSON.stringify(this.#task) }
    const child = fork(PROGRAM, { env })
    this.#process = child
    const ended = once(child, 'exit').then(() => {
      throw new Error(`Server ${this.label} ended while it started`)
    })
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), START_MS)
    try {
      const [port] = await Promise.race([once(child, 'message', { signal: late.signal }), ended])
      this.origin = `http://127.0.0.1:${port}`
    } finally {
      clearTimeout(timer)
      ended.catch(() => undefined)
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  async kill(): Promise<void> {
    this.origin = undefined
    const child = this.#process
    this.#process = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}

/** Where a request goes. */
export interface Target {
  label: string
  origin: string
}

/** The server processes of a set-up. */
export class ServerPool {
  readonly #servers: Server[]
  /** Sessions begin on it, in a set-up that moves them. */
  readonly #before: Server | undefined

  constructor(count: number, task: Omit<Task, 'role'>, startsBefore: boolean) {
    this.#servers = Array.from(
      { length: count },
      (_, at) => new Server(`${at + 1}`, { ...task, role: 'now' }),
    )
    if (startsBefore) this.#before = new Server('before', { ...task, role: 'before' })
  }

  async start(): Promise<void> {
    await Promise.all([...this.#servers, this.#before].map((server) => server?.start()))
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers, this.#before].map((server) => server?.kill()))
  }

  /** A running server, or undefined. `begins`: the request begins a session. */
  target(random: Random, begins = false): Target | undefined {
    const all = begins && this.#before ? [this.#before] : this.#servers
    const running = all.flatMap(({ label, origin }) => (origin ? [{ label, origin }] : []))
    return running.length > 0 ? random.pick(running) : undefined
  }

  /** Kills one with SIGKILL, unless it is the only one, and starts it again. */
  async kill(random: Random): Promise<string | undefined> {
    const running = this.#servers.filter(({ origin }) => origin !== undefined)
    if (running.length < 2) return undefined
    const server = random.pick(running)
    await server.kill()
    await server.start()
    return server.label
  }

  /** Stops one for a while, as a busy machine does. */
  async pause(random: Random, ms: number): Promise<string> {
    const server = random.pick(this.#servers)
    server.signal('SIGSTOP')
    await sleep(ms)
    server.signal('SIGCONT')
    return server.label
  }
}
