import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
const SERVER = 'examples/login/server.js'
const ADDRESS = /http:\/\/localhost:(\d+)/

/** The example imports the package by its name, and so needs it built from what `src` holds now. */
export function build(): void {
  const built = join(ROOT, 'dist/index.js')
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  const changed = Math.max(...files.map((file) => statSync(join(ROOT, 'src', file)).mtimeMs))
  if (existsSync(built) && statSync(built).mtimeMs > changed) return
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' })
}

/** The example as a process of its own, told what to do by environment variables alone. */
export class Example {
  output = ''
  readonly #process: ChildProcess

  constructor(env: Record<string, string> = {}) {
    this.#process = spawn(process.execPath, [SERVER], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (text) => {
        this.output += text
      })
    }
  }

  static async start(env?: Record<string, string>): Promise<Example> {
    const example = new Example(env)
    while (!ADDRESS.test(example.output)) {
      const gone = once(example.#process, 'exit').then(() => true)
      const spoke = once(example.#process.stdout as NodeJS.ReadableStream, 'data')
      if ((await Promise.race([gone, spoke])) === true) throw new Error(example.output)
    }
    return example
  }

  get origin(): string {
    return ADDRESS.exec(this.output)?.[0] ?? ''
  }

  get port(): string {
    return ADDRESS.exec(this.output)?.[1] ?? ''
  }

  /** The exit code. */
  async ended(): Promise<number | null> {
    const { exitCode, signalCode } = this.#process
    if (exitCode === null && signalCode === null) await once(this.#process, 'close')
    return this.#process.exitCode
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#process.kill(signal)
    return this.ended()
  }
}
