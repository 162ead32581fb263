import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copy } from '../../src/cli/copy.js'
import { MemoryStore, type SessionStore } from '../../src/index.js'
import { tombstone, tombstoneUntil } from '../../src/record/tombstone.js'
import { migrating } from '../../src/stores/migrating/store.js'
import { FaultyStore, ManualClock } from '../../src/testing.js'
import { OlderRows } from '../conformance/rows.js'

const KEY = 'k'
const HOUR = 3_600_000
const LULL = 10_000
const RUNS = Number(process.env.FC_RUNS ?? 1000)
/** One game of a run, as a failure prints it. */
const PATH = process.env.FC_PATH

const MINUTE = 60_000

/** What servers do at once to one session that begins in the old store. */
const actors = ['increment', 'logout', 'destroy'] as const
const older = ['old increment', 'old logout', 'old destroy'] as const
/** A server that loses the new store, `before` or `after` the effect of a call, and never regains it. */
const dying = ['dying before', 'dying after'] as const
type Actor = (typeof actors)[number] | (typeof older)[number] | (typeof dying)[number] | 'copy'

interface Game {
  cast: Actor[]
  /** How many calls of the new store succeed on a server that dies. */
  calls: number
}

const castOf = (...names: readonly Actor[]) =>
  fc.array(fc.constantFrom<Actor>(...names), { minLength: 2, maxLength: 5 })

// The command runs when no server is left that knows only the old store.
const game: fc.Arbitrary<Game> = fc.record({
  cast: fc.oneof(
    castOf(...actors, ...older),
    castOf(...actors, 'copy'),
    // Where destroy leaves no tombstone, the copy of a server that died is a session for a minute.
    castOf('increment', 'logout', ...dying),
  ),
  calls: fc.nat(3),
})

const isLive = (value: string | undefined): value is string =>
  value !== undefined && tombstoneUntil(value) === undefined

class Stage {
  readonly clock = new ManualClock()
  readonly from = new MemoryStore({ now: this.clock.now })
  readonly to = new MemoryStore({ now: this.clock.now })
  readonly later = this.clock.now() + HOUR
  /** Increments that were answered with ok. */
  count = 0
  /** Increments that failed: each is done, or it is not. */
  failed = 0
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

  async act(actor: Actor, calls: number): Promise<void> {
    if (actor === 'copy') return this.#copy()
    if (actor.startsWith('dying')) return this.#die(actor === 'dying after', calls)
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

  async #die(isAfter: boolean, calls: number): Promise<void> {
    const to = new FaultyStore(this.#inTurn(this.to))
    to.fail('any', { nth: calls + 1, at: isAfter ? 'after' : 'before' })
    to.fail('any', { nth: calls + 2, times: Number.POSITIVE_INFINITY })
    const store = migrating({ from: this.#inTurn(this.from), to, now: this.clock.now })
    await this.#increment(store).catch(() => this.failed++)
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
      destroy: (key) => turn(() => store.destroy(key)),
    }
  }
}

test(`nothing is lost and nothing comes back, in any order of the steps: ${RUNS} games`, {
  timeout: 120_000,
}, async () => {
  const seed = Number(process.env.FC_SEED ?? Date.now() ^ process.pid)
  console.log(`migrating: ${RUNS} games, seed ${seed}`)
  const property = fc.asyncProperty(fc.scheduler(), game, async (scheduler, { cast, calls }) => {
    const stage = new Stage(scheduler)
    await scheduler.waitFor(Promise.all(cast.map((name) => stage.act(name, calls))))
    const { clock, from, to } = stage
    const after = migrating({ from, to, now: clock.now })
    const value = await after.load(KEY)
    const hasDied = cast.some((name) => name.startsWith('dying'))
    if (!stage.ended) {
      const [held] = (isLive(from.load(KEY)) ? from : to).scan(KEY).records
      expect(held?.expiresAt).toBe(stage.later)
      expect(Number(value)).toBeGreaterThanOrEqual(stage.count)
      expect(Number(value)).toBeLessThanOrEqual(stage.count + stage.failed)
      return
    }
    expect(isLive(value)).toBe(false)
    // The copy of a server that died ends by itself.
    clock.advance(hasDied ? MINUTE : LULL)
    expect([await after.load(KEY), to.load(KEY)]).toEqual([undefined, undefined])
  })
  await fc.assert(property, { numRuns: RUNS, seed, ...(PATH ? { path: PATH } : {}) })
})

/** Sessions as text, in every spelling that JSON has. */
const spelled = fc
  .tuple(
    fc.dictionary(fc.oneof(fc.nat(20).map(String), fc.string()), fc.oneof(fc.json(), number())),
    fc.constantFrom('', ' ', '\n'),
  )
  .map(([data, space]) => {
    const fields = Object.entries({ ...data, cookie: '{"path":"/"}' }).reverse()
    return `{${fields.map(([key, text]) => `${JSON.stringify(key)}:${space}${text}`).join(',')}}`
  })

function number(): fc.Arbitrary<string> {
  return fc.constantFrom('1.0', '1e2', '-0', '12345678901234567890')
}

test('a session keeps its deadline as it moves to a store of get, set and destroy', async () => {
  const property = fc.asyncProperty(spelled, async (written) => {
    const { now } = new ManualClock()
    const [from, to, later] = [new MemoryStore({ now }), new OlderRows(now), now() + HOUR]
    from.create(KEY, '{}', later)
    const store = migrating({ from, to, now })
    expect(await store.replace(KEY, '{}', written, later)).toEqual({ ok: true })
    expect(to.rows.get(KEY)?.expiresAt).toBe(later)
  })
  await fc.assert(property, { examples: [['{"b":1,"2":5,"cookie":{}}'], ['{"b":1.0}']] })
})
