import Koa from 'koa'
import session, {
  MemoryStore,
  type SessionMiddleware,
  type SessionStore,
  type UserSessions,
} from '../../src/index.js'
import { inject } from '../support/inject.js'
import { ROUTES, users } from './fixture.js'

export const PREFIX = 'koa:sess:'

/** Numbers from 0 to 1 that depend on nothing but the seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

interface Call {
  process: number
  run(fault: 'before' | 'after' | undefined): void
}

interface Process {
  middleware: SessionMiddleware<unknown>
  handle: ReturnType<Koa['callback']>
  /** How much is under way in it. */
  open: number
}

export interface ClusterOptions {
  processes: number
  max: number
  rolling: boolean
  /** How likely the process of a store call dies before the call, and how likely the call fails. */
  crash: number
  failure: number
}

/** Several processes on one store. Each store call waits until the schedule picks it. */
export class Cluster {
  readonly store = new MemoryStore()
  /** How many store calls were made. */
  steps = 0
  readonly #random: () => number
  readonly #options: ClusterOptions
  readonly #waiting: Call[] = []
  readonly #dead = new Set<number>()
  readonly #processes: Process[]

  constructor(random: () => number, options: ClusterOptions) {
    this.#random = random
    this.#options = options
    this.#processes = Array.from({ length: options.processes }, (_, at) => this.#start(at))
  }

  #start(process: number): Process {
    const app = new Koa()
    app.keys = ['a secret of the properties']
    app.silent = true
    const middleware = session({
      store: this.#gated(process),
      users: { ...users, max: this.#options.max },
      rolling: this.#options.rolling,
    })
    app.use(middleware)
    app.use(async (ctx) => {
      const body = await ROUTES[ctx.path]?.(ctx)
      ctx.body = JSON.stringify(body ?? null)
    })
    return { middleware, handle: app.callback(), open: 0 }
  }

  #gated(process: number): SessionStore {
    const gate =
      <A extends unknown[], R>(method: (...args: A) => R) =>
      (...args: A) =>
        new Promise<R>((resolve, reject) => {
          const run = (fault: 'before' | 'after' | undefined) => {
            const answer = fault === 'before' ? undefined : method.apply(this.store, args)
            if (fault) reject(new Error('a planned failure'))
            else resolve(answer as R)
          }
          this.#waiting.push({ process, run })
        })
    const { load, create, replace, touch, destroy } = this.store
    return {
      load: gate(load),
      create: gate(create),
      replace: gate(replace),
      touch: gate(touch),
      destroy: gate(destroy),
    }
  }

  /** A process that lives; undefined: all of them died. */
  pick(): number | undefined {
    const alive = this.#processes.map((_, at) => at).filter((at) => !this.#dead.has(at))
    return alive[Math.floor(this.#random() * alive.length)]
  }

  request(process: number, path: string, cookie: string) {
    return this.#within(process, ({ handle }) => inject(handle, path, cookie))
  }

  /** What a process does with the sessions of a user, outside of a request. */
  outside<T>(process: number, user: string, work: (sessions: UserSessions) => Promise<T>) {
    return this.#within(process, ({ middleware }) => work(middleware.of(user)))
  }

  async #within<T>(at: number, work: (process: Process) => Promise<T>): Promise<T> {
    const process = this.#processes[at] as Process
    process.open++
    try {
      return await work(process)
    } finally {
      process.open--
    }
  }

  /** Runs what waits, in random order, until nothing does. `look`: called after every store call. */
  async run(look: () => void): Promise<void> {
    for (;;) {
      await settled()
      look()
      const ready = this.#waiting.filter(({ process }) => !this.#dead.has(process))
      if (ready.length > 0) {
        const call = ready[Math.floor(this.#random() * ready.length)] as Call
        this.#waiting.splice(this.#waiting.indexOf(call), 1)
        this.#perform(call)
      } else if (this.#processes.every(({ open }, at) => open === 0 || this.#dead.has(at))) return
      // A lost compare-and-set waits before it tries again.
      else await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  #perform({ process, run }: Call): void {
    this.steps++
    const { crash, failure } = this.#options
    const dice = this.#random()
    // The last process lives, so that what the others left can be looked at.
    if (dice < crash && this.#dead.size < this.#processes.length - 1) this.#dead.add(process)
    else if (dice > 1 - failure) run(this.#random() < 0.5 ? 'before' : 'after')
    else run(undefined)
  }

  close(): void {
    for (const { middleware } of this.#processes) middleware.close()
  }
}

/** Resolves when every promise that can go on has done so. */
async function settled(): Promise<void> {
  await new Promise(setImmediate)
}
