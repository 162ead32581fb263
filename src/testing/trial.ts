import { equal, ok } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  assertStore,
  isSessionStore,
  type LegacyStore,
  type SessionStore,
} from '../stores/contract.js'
import { adaptLegacy } from '../stores/legacy/adapter.js'
import type { Awaitable } from '../util/async.js'

/** A store, and what ends it once its test is over. */
export interface OpenStore {
  store: SessionStore | LegacyStore
  close?: (() => unknown) | undefined
}

/** Opens a store. Every test calls it, so that no test sees what another one left. */
export type CreateStore = () => Awaitable<SessionStore | LegacyStore | OpenStore>

/** The clock that a store counts by, if a test can move it. `ManualClock` is one. */
export interface Clock {
  now(): number
  advance(ms: number): unknown
}

/** Takes what is behind the stores away, and brings it back. */
export interface Outage {
  down(): unknown
  up(): unknown
  /** How long a call may take to fail, and the store to come back, in ms. Default 1500. */
  patience?: number | undefined
}

/** What was declared of a store, complete. */
export interface Terms {
  strong: boolean
  clock: Clock | undefined
  precision: number
  connections: number
  writers: number
  outage: Outage | undefined
}

export type Test = (trial: Trial) => Promise<void>

/** Tests of one subject: those for every store, and those that a weak one cannot pass. */
export interface Group {
  name: string
  every: Record<string, Test>
  strong?: Record<string, Test>
}

const HOUR = 3_600_000
/** The life of a record that a test wants to see expire, in ms; longer where the calls take longer. */
const SHORT = 60
const LONGEST = 10_000
/** What timers and the clocks of two programs may differ by. */
const SLACK = 20

interface Instance {
  source: SessionStore | LegacyStore
  store: SessionStore
  close(): unknown
}

/** One test's store, keys of its own, and its time. */
export class Trial {
  readonly writers: number
  readonly outage: Outage
  readonly #create: CreateStore
  readonly #terms: Terms
  readonly #open: Instance[] = []
  readonly #space = `koa-sess:conformance:${randomUUID()}:`
  readonly #keys = new Set<string>()

  private constructor(create: CreateStore, terms: Terms) {
    this.#create = create
    this.#terms = terms
    this.writers = terms.writers
    this.outage = terms.outage ?? { down: nothing, up: nothing }
  }

  /** Runs a test on a store of its own, and leaves nothing behind. */
  static async run(create: CreateStore, terms: Terms, test: Test): Promise<void> {
    const trial = new Trial(create, terms)
    let failed: unknown[] = []
    try {
      await trial.#another()
      await test(trial)
    } catch (error) {
      failed = [error]
    }
    failed.push(...(await trial.#end()))
    // What the test found comes first: that the store does not even close then is no news.
    if (failed.length > 0) throw failed[0]
  }

  get store(): SessionStore {
    return this.#first.store
  }

  /** The store as `create` gave it. */
  get source(): SessionStore | LegacyStore {
    return this.#first.source
  }

  /** As many instances as were declared, all of them on the same data. */
  async stores(): Promise<SessionStore[]> {
    while (this.#open.length < this.#terms.connections) await this.#another()
    return this.#open.map(({ store }) => store)
  }

  now(): number {
    return this.#terms.clock?.now() ?? Date.now()
  }

  /** How far apart two readings of one deadline may be, in ms, where so much time passed between. */
  tolerance(passed: number): number {
    const { clock, precision } = this.#terms
    return clock ? precision : precision + SLACK + passed
  }

  /** A deadline that no test lives to see. */
  get later(): number {
    return this.now() + HOUR
  }

  get past(): number {
    return this.now() - HOUR
  }

  /** A key that nothing else uses. */
  key(end = `${this.#keys.size}`): string {
    const key = this.#space + end
    this.#keys.add(key)
    return key
  }

  /** A key with a record of that value. */
  async stored(value: string, expiresAt = this.later): Promise<string> {
    const key = this.key()
    equal(await this.store.create(key, value, expiresAt), true, 'create was refused')
    return key
  }

  /** Lets time pass: at least so many ms. */
  async pass(ms: number): Promise<void> {
    const { clock, precision } = this.#terms
    if (clock) clock.advance(ms + precision)
    else await sleep(ms + precision + SLACK)
  }

  /** Lets that much time pass if the clock can be moved, and else a moment. */
  async jump(ms: number): Promise<void> {
    if (this.#terms.clock) this.#terms.clock.advance(ms)
    else await sleep(SLACK)
  }

  /**
   * Does something with a fresh key before a deadline that is near, and waits until that is over.
   * A machine that was too slow proves nothing: it gets another try and more time.
   * @returns the key.
   */
  async outlive(act: (key: string, deadline: number) => Promise<void>): Promise<string> {
    const { precision } = this.#terms
    for (let life = SHORT; life < LONGEST; life *= 4) {
      const begun = this.now()
      const key = this.key()
      const error = await act(key, begun + life + precision).then(
        () => undefined,
        (reason: unknown) => ({ reason }),
      )
      const took = this.now() - begun
      if (took >= life) continue
      if (error) throw error.reason
      // What a call took on its way is what a store that counts down may be late by.
      await this.pass(life + precision + took)
      return key
    }
    throw new Error('The calls take too long to see a record expire: is the store that slow?')
  }

  get #first() {
    const [first] = this.#open
    ok(first)
    return first
  }

  async #another(): Promise<void> {
    const given = await this.#create()
    const { store: source, close = nothing } = isOpen(given) ? given : { store: given }
    try {
      assertStore(source)
      const store = this.#terms.strong ? strong(source) : weak(source, () => this.now())
      this.#open.push({ source, store, close })
    } catch (error) {
      await close()
      throw error
    }
  }

  /** @returns what went wrong. */
  async #end(): Promise<unknown[]> {
    const [first] = this.#open
    // Whether destroy works is a test of its own; here it only tidies up.
    for (const key of this.#keys) await settled(() => first?.store.destroy(key))
    const closed = await Promise.all(this.#open.map(({ close }) => settled(close)))
    return closed.flat()
  }
}

async function settled(work: () => unknown): Promise<unknown[]> {
  try {
    await work()
    return []
  } catch (error) {
    return [error]
  }
}

function isOpen(given: SessionStore | LegacyStore | OpenStore): given is OpenStore {
  return 'store' in given && !('destroy' in given)
}

function strong(store: SessionStore | LegacyStore): SessionStore {
  if (isSessionStore(store)) return store
  throw new Error(
    'This store lacks one of load, create, replace, touch, destroy: for a store of get, set and destroy, declare strong: false',
  )
}

function weak(store: SessionStore | LegacyStore, now: () => number): SessionStore {
  return 'get' in store && 'set' in store ? adaptLegacy(store, now) : store
}

function nothing(): void {}
