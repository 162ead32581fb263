import { fork } from 'node:child_process'
import { once } from 'node:events'

// Longer than any answer: filling a store with a million sessions takes some ten seconds.
const ANSWER_MS = 300_000

/** A module in a process of its own, called over IPC. It ends with this process. */
export class Child {
  #process
  #waiting = new Map()
  #count = 0

  constructor(child) {
    this.#process = child
    child.on('message', ({ id, value, error }) => {
      const { resolve, reject, timer } = this.#waiting.get(id)
      this.#waiting.delete(id)
      clearTimeout(timer)
      if (error === undefined) resolve(value)
      else reject(new Error(error))
    })
    child.once('exit', (code, signal) => {
      for (const { reject, timer } of this.#waiting.values()) {
        clearTimeout(timer)
        reject(new Error(`${child.spawnargs.slice(1).join(' ')} ended: ${signal ?? code}`))
      }
    })
  }

  static async start(file, args = [], execArgv = []) {
    const child = new Child(fork(file, args, { execArgv }))
    await child.ask('ready')
    return child
  }

  ask(name, argument) {
    return new Promise((resolve, reject) => {
      const id = this.#count++
      const timer = setTimeout(() => reject(new Error(`No answer to ${name}`)), ANSWER_MS)
      this.#waiting.set(id, { resolve, reject, timer })
      this.#process.send({ id, name, argument })
    })
  }

  async stop() {
    const child = this.#process
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}

/** Answers `ask` in the child: each handler serves the calls of its name. */
export function answer(handlers) {
  const known = { ready: () => true, ...handlers }
  process.on('message', async ({ id, name, argument }) => {
    try {
      process.send({ id, value: await known[name](argument) })
    } catch (error) {
      process.send({ id, error: error.stack })
    }
  })
  process.once('disconnect', () => process.exit())
}
