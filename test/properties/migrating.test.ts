import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copy } from '../../src/cli/copy.js'
import { MemoryStore, type SessionStore } from '../../src/index.js'
import { tombstone, tombstoneUntil } from '../../src/record/tombstone.js'
import { migrating } from '../../src/stores/migrating/store.js'
import { ManualClock } from '../../src/testing.js'

const KEY = 'k'
const HOUR = 3_600_000
const LULL = 10_000
const RUNS = Number(process.env.FC_RUNS ?? 1000)

/** What servers do at once to one session that begins in the old store. */
const actors = ['increment', 'logout', 'destroy'] as const
const older = ['old increment', 'old logout', 'old destroy'] as const
type Actor = (typeof actors)[number] | (typeof older)[number] | 'copy'

// The command runs when no server is left that knows only the old store.
const cast: fc.Arbitrary<Actor[]> = fc.oneof(
  fc.array(fc.constantFrom<Actor>(...actors, ...older), { minLength: 2, maxLength: 5 }),
  fc.array(fc.constantFrom<Actor>(...actors, 'copy'), { minLength: 2, maxLength: 5 }),
)

const isLive = (value: string | undefined): value is string =>
  value !== undefined && tombstoneUntil(value) === undefined

class Stage {
  readonly clock = new ManualClock()
  readonly from = new MemoryStore({ now: this.clock.now })
  readonly to = new MemoryStore({ now: this.clock.now })
  readonly later = this.clock.now() + HOUR
  /** Increments that were answered with ok. */
  count = 0
  ended = false
  readonly #scheduler: fc.Scheduler

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler
    this.from.create(KEY, '0', this.later)
  }

  /** A server of its own: every call of its stores has to wait for its turn. */
  server(): SessionStore {
    const [from, to] = [this.#inTurn(this.from), this.#inTurn(this.to)]
    return migrating({ from, to, now: this.clock.now })
  }

  async act(actor: Actor): Promise<void> {
    if (actor === 'copy') return this.#copy()
    const old = actor.startsWith('old ')
    const store = old ? this.#inTurn(this.from) : this.server()
    if (actor.endsWith('increment')) return this.#increment(store)
    if (actor.endsWith('logout')) return this.#logout(store)
    if (!old) {
      // Whatever it answers: from then on the session has to be gone.
      await store.destroy(KEY)
      this.ended = true
      return
    }
    // An old server may meet a mark instead of the session.
    let live = false
    const look = () => {
      live = isLive(this.from.load(KEY))
    }
    if ((await this.#inTurn(this.from, look).destroy(KEY)) && live) this.ended = true
  }

  async #increment(store: SessionStore): Promise<void> {
    let seen = await store.load(KEY)
    while (isLive(seen)) {
      const answer = await store.replace(KEY, seen, String(Number(seen) + 1), this.later)
      if (answer.ok) {
        this.count++
        return
      }
      seen = answer.current
    }
  }

  async #logout(store: SessionStore): Promise<void> {
    const until = this.clock.now() + LULL
    let seen = await store.load(KEY)
    while (isLive(seen)) {
      const answer = await store.replace(KEY, seen, tombstone(until), until)
      if (answer.ok) this.ended = true
      seen = answer.ok ? undefined : answer.current
    }
  }

  async #copy(): Promise<void> {
    const [from, to] = [this.#inTurn(this.from), this.#inTurn(this.to)]
    const value = await from.load(KEY)
    if (value === undefined) return
    const record = { key: KEY, value, expiresAt: this.later }
    await copy(from, to, record, this.clock.now())
  }

  #inTurn(store: MemoryStore, before: () => unknown = () => undefined): SessionStore {
    const turn = async <T>(act: () => T): Promise<T> => {
      await this.#scheduler.schedule(Promise.resolve())
      before()
      return act()
    }
    return {
      load: (...args) => turn(() => store.load(...args)),
      create: (...args) => turn(() => store.create(...args)),
      replace: (...args) => turn(() => store.replace(...args)),
      touch: (...args) => turn(() => store.touch(...args)),
      destroy: (...args) => turn(() => store.destroy(...args)),
    }
  }
}

test(`nothing is lost and nothing comes back, in any order of the steps: ${RUNS} games`, {
  timeout: 120_000,
}, async () => {
  const seed = Date.now() ^ process.pid
  console.log(`migrating: ${RUNS} games, seed ${seed}`)
  const property = fc.asyncProperty(fc.scheduler(), cast, async (scheduler, names) => {
    const stage = new Stage(scheduler)
    await scheduler.waitFor(Promise.all(names.map((name) => stage.act(name))))
    const { clock, from, to } = stage
    const after = migrating({ from, to, now: clock.now })
    if (!stage.ended) {
      expect(await after.load(KEY)).toBe(String(stage.count))
      const [held] = (isLive(from.load(KEY)) ? from : to).scan(KEY).records
      expect(held?.expiresAt).toBe(stage.later)
      return
    }
    expect(isLive(await after.load(KEY))).toBe(false)
    clock.advance(LULL)
    expect([await after.load(KEY), to.load(KEY)]).toEqual([undefined, undefined])
  })
  await fc.assert(property, { numRuns: RUNS, seed })
})
