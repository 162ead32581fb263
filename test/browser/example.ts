import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { Bundle } from '../support/bundle.js'
import { sharedBundle } from '../support/shared-bundle.js'

const ROOT = resolve(import.meta.dirname, '../..')
const SERVER = ['--import', './test/browser/from-source.mjs', 'examples/lab/server.js']
const ADDRESS = /https?:\/\/localhost:(\d+)/

/** The example imports the package by its name, and gets what `src` holds now. */
export function build(): Promise<Bundle> {
  return sharedBundle()
}

/** The example as a process of its own, configured by environment variables alone. */
export class Example {
  /** The folder of the modules that `build` wrote. */
  static modules: string
  output = ''
  readonly #process: ChildProcess

  constructor(env: Record<string, string> = {}) {
    this.#process = spawn(process.execPath, SERVER, {
      cwd: ROOT,
      env: { PATH: process.env.PATH, KOA_SESS: Example.modules, PORT: '0', ...env },
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
