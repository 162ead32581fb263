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
import type { CreateStore, OpenStore, Outage, StoreTraits } from './options.js'

export type Test = (t: TestContext) => Promise<void>

/** The tests of one subject. */
export interface Group {
  name: string
  /** Tests that every store has to pass. */
  every: Record<string, Test>
  /** Tests that a store without compare-and-set cannot pass. */
  strong?: Record<string, Test>
}

const HOUR = 3_600_000
/** The lifetime of a record that has to expire, in ms. Slow stores get more, up to the longest. */
const SHORT_LIFETIME = 60
const LONGEST_LIFETIME = 10_000
/** How far timers and the clocks of two processes may differ, in ms. */
const SLACK = 20

interface Instance {
  source: SessionStore | LegacyStore
  store: SessionStore
  close(): unknown
}

/** The store instances, keys and clock of one test. */
export class TestContext {
  readonly writers: number
  readonly outage: Outage
  readonly #create: CreateStore
  readonly #traits: StoreTraits
  readonly #instances: Instance[] = []
  readonly #prefix = `koa-sess:conformance:${randomUUID()}:`
  readonly #keys = new Set<string>()

  private constructor(create: CreateStore, traits: StoreTraits) {
    this.#create = create
    this.#traits = traits
    this.writers = traits.writers
    this.outage = traits.outage ?? { down: noop, up: noop }
  }

  /** Runs a test on a store of its own, then deletes its keys and closes the store. */
  static async run(create: CreateStore, traits: StoreTraits, test: Test): Promise<void> {
    const t = new TestContext(create, traits)
    const errors: unknown[] = []
    try {
      await t.#openInstance()
      await test(t)
    } catch (error) {
      errors.push(error)
    }
    errors.push(...(await t.#cleanUp()))
    // The error of the test comes first: an error of the clean-up often follows from it.
    if (errors.length > 0) throw errors[0]
  }

  get store(): SessionStore {
    return this.#first.store
  }

  /** The store as `create` returned it. */
  get source(): SessionStore | LegacyStore {
    return this.#first.source
  }

  /** As many instances as `connections` says, all on the same data. */
  async stores(): Promise<SessionStore[]> {
    while (this.#instances.length < this.#traits.connections) await this.#openInstance()
    return this.#instances.map(({ store }) => store)
  }

  now(): number {
    return this.#traits.clock?.now() ?? Date.now()
  }

  /** How far two readings of one deadline may differ when `elapsed` ms passed between them, in ms. */
  tolerance(elapsed: number): number {
    const { clock, precision } = this.#traits
    return clock ? precision : precision + SLACK + elapsed
  }

  /** A deadline in an hour, after the end of every test. */
  get later(): number {
    return this.now() + HOUR
  }

  /** A deadline an hour ago. */
  get past(): number {
    return this.now() - HOUR
  }

  /** A key that no other test uses. */
  key(suffix = `${this.#keys.size}`): string {
    const key = this.#prefix + suffix
    this.#keys.add(key)
    return key
  }

  /** Creates a record. @returns its key. */
  async createRecord(value: string, expiresAt = this.later): Promise<string> {
    const key = this.key()
    equal(await this.store.create(key, value, expiresAt), true, 'create was refused')
    return key
  }

  /** Moves the clock, or waits, for at least so many ms. */
  async advance(ms: number): Promise<void> {
    const { clock, precision } = this.#traits
    if (clock) clock.advance(ms + precision)
    else await sleep(ms + precision + SLACK)
  }

  /** Moves the clock by so many ms if the test can; otherwise waits 20 ms only. */
  async advanceIfManual(ms: number): Promise<void> {
    if (this.#traits.clock) this.#traits.clock.advance(ms)
    else await sleep(SLACK)
  }

  /**
   * Runs `act` with a new key and a near deadline, then waits until the deadline passed. If `act`
   * took longer than that, the result proves nothing: it runs again with a later deadline.
   * @returns the key.
   */
  async waitForExpiry(act: (key: string, deadline: number) => Promise<void>): Promise<string> {
    const { precision } = this.#traits
    for (let lifetime = SHORT_LIFETIME; lifetime < LONGEST_LIFETIME; lifetime *= 4) {
      const begun = this.now()
      const key = this.key()
      const failure = await act(key, begun + lifetime + precision).then(
        () => undefined,
        (reason: unknown) => ({ reason }),
      )
      const elapsed = this.now() - begun
      if (elapsed >= lifetime) continue
      if (failure) throw failure.reason
      // A store that counts down starts when the command arrives, so its deadline may be that late.
      await this.advance(lifetime + precision + elapsed)
      return key
    }
    throw new Error('The calls take too long to see a record expire: is the store that slow?')
  }

  get #first() {
    const [first] = this.#instances
    ok(first)
    return first
  }

  async #openInstance(): Promise<void> {
    const created = await this.#create()
    const { store: source, close = noop } = isOpenStore(created) ? created : { store: created }
    try {
      assertStore(source)
      const store = this.#traits.strong ? asStrong(source) : asWeak(source, () => this.now())
      this.#instances.push({ source, store, close })
    } catch (error) {
      await close()
      throw error
    }
  }

  /** @returns the errors of closing. */
  async #cleanUp(): Promise<unknown[]> {
    const [first] = this.#instances
    // Other tests check destroy, so an error of it is ignored here.
    for (const key of this.#keys) await errorsOf(() => first?.store.destroy(key))
    const closed = await Promise.all(this.#instances.map(({ close }) => errorsOf(close)))
    return closed.flat()
  }
}

async function errorsOf(work: () => unknown): Promise<unknown[]> {
  try {
    await work()
    return []
  } catch (error) {
    return [error]
  }
}

function isOpenStore(created: SessionStore | LegacyStore | OpenStore): created is OpenStore {
  return 'store' in created && !('destroy' in created)
}

function asStrong(store: SessionStore | LegacyStore): SessionStore {
  if (isSessionStore(store)) return store
  throw new Error(
    'This store lacks one of load, create, replace, touch, destroy: for a store of get, set and destroy, declare strong: false',
  )
}

function asWeak(store: SessionStore | LegacyStore, now: () => number): SessionStore {
  return 'get' in store && 'set' in store ? adaptLegacy(store, now, { datesRecords: false }) : store
}

function noop(): void {}
