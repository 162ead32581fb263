import { setTimeout as sleep } from 'node:timers/promises'
import { type ActorContext, runAdmin, runThief, runUser } from './actors.js'
import { Browser, Client } from './client.js'
import { clock } from './clock.js'
import { joined, TOMBSTONE_MS } from './configs.js'
import { EventLog } from './event-log.js'
import { injectFaults } from './faults.js'
import { Oracle } from './oracle/oracle.js'
import type { Violation } from './oracle/promises.js'
import { Random } from './random.js'
import type { Limits, Outcome } from './run.js'
import type { ServerPool } from './server-pool.js'
import { labelOf, type Setup, tolerancesOf } from './setups.js'
import type { Backend } from './store/backends.js'

const THIEVES = 3
/** How many requests at once look at the sessions in the end. */
const INSPECTORS = 16
/** How long the servers have to recover from the last fault before that, in ms. */
const SETTLE_MS = 500
/** How many violations are kept with the steps that led there. */
const DETAILED = 40
const STEPS = 20

/** One set-up, from the first request to the last look at every session. */
export class Round {
  readonly #setup: Setup
  readonly #limits: Limits
  readonly #backend: Backend
  readonly #servers: ServerPool
  readonly #oracle: Oracle
  readonly #client: Client
  readonly #log = new EventLog()
  readonly #violations: Outcome['violations'] = []
  /** When connections were cut. */
  readonly #cuts: number[] = []
  #faults = 0

  constructor(setup: Setup, limits: Limits, backend: Backend, servers: ServerPool) {
    this.#setup = setup
    this.#limits = limits
    this.#backend = backend
    this.#servers = servers
    this.#oracle = new Oracle({
      tolerates: tolerancesOf(setup),
      tombstone: TOMBSTONE_MS,
      cutsSince: (at) => this.#cuts.length - (this.#cuts.findLastIndex((cut) => cut < at) + 1),
      report: (violation) => this.#report(violation),
    })
    const { options, secure = false } = joined(setup.config)
    this.#client = new Client({
      servers,
      oracle: this.#oracle,
      cookie: options.key ?? 'koa.sid',
      isSecure: secure,
      log: (step, text) => this.#log.note(step, text),
    })
  }

  async play(): Promise<Outcome> {
    const begun = clock()
    const over = new AbortController()
    const injecting = this.#injectFaults(over.signal)
    // Rethrown below, once the requests have ended.
    injecting.catch(() => undefined)
    try {
      await this.#runActors(begun)
    } finally {
      over.abort()
      await injecting
    }
    const lasted = clock() - begun
    await this.#backend.failing?.whole()
    if (this.#setup.faults !== 'none') await sleep(SETTLE_MS)
    await this.#inspect()
    this.#oracle.finish()
    return {
      setup: this.#setup,
      seconds: lasted / 1000,
      requests: this.#client.requests,
      statuses: this.#client.statuses,
      sessions: this.#oracle.sessions.size,
      faults: this.#faults,
      crossed: this.#oracle.crossed,
      violations: this.#violations,
    }
  }

  async #runActors(begun: number): Promise<void> {
    const { browsers, seconds, requests } = this.#limits
    const client = this.#client
    const context: ActorContext = {
      client,
      isEarly: joined(this.#setup.config).early === true,
      goesOn: () => clock() - begun < seconds * 1000 && client.requests < requests,
    }
    const users = Array.from({ length: browsers }, (_, at) => new Browser(at + 1))
    const thieves = Array.from({ length: THIEVES }, (_, at) => new Browser(browsers + at + 1))
    await Promise.all([
      ...users.map((user) => runUser(context, user, this.#random('user', user.number))),
      ...thieves.map((thief) =>
        runThief(context, thief, users, this.#random('thief', thief.number)),
      ),
      runAdmin(context, users, this.#random('admin')),
    ])
  }

  #injectFaults(signal: AbortSignal): Promise<void> {
    const context = {
      backend: this.#backend,
      servers: this.#servers,
      random: this.#random('faults'),
      signal,
      wasCut: () => void this.#cuts.push(clock()),
    }
    return injectFaults(this.#setup.faults, context, (text) => {
      this.#faults++
      this.#log.note(undefined, text)
    })
  }

  /** Asks with every cookie that was ever set: what ended must open nothing, and what lives must. */
  async #inspect(): Promise<void> {
    const random = this.#random('inspectors')
    const left = [...this.#oracle.sessions.values()]
    const inspector = async () => {
      for (let session = left.pop(); session; session = left.pop())
        await this.#client.inspect(session, random)
    }
    await Promise.all(Array.from({ length: INSPECTORS }, inspector))
  }

  #report(violation: Violation): void {
    const steps: string[] = []
    this.#violations.push({ ...violation, steps })
    if (this.#violations.length > DETAILED) return
    // The line of the step itself is logged later in this same turn.
    queueMicrotask(() => steps.push(...this.#log.last(violation.step, STEPS)))
  }

  #random(...stream: (string | number)[]): Random {
    return new Random(this.#limits.seed, labelOf(this.#setup), ...stream)
  }
}
