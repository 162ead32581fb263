import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { describe, expect, inject, test } from 'vitest'
import { RedisStore } from '../../src/stores/redis/store.js'
import { ManualClock, type StoreTests } from '../../src/testing.js'
import { ANSWERS } from './bad/answers.js'
import { COMPARISONS } from './bad/comparisons.js'
import { DEADLINES } from './bad/deadlines.js'
import { KEPT } from './bad/kept.js'
import { OLDER } from './bad/older.js'
import { Fragile, OUTAGES } from './bad/outages.js'
import { RACES } from './bad/races.js'
import { SCANS } from './bad/scans.js'
import { collect } from './collect.js'
import { type Bad, type Kind, OlderRows, type Row, Rows } from './rows.js'

type Result = ReturnType<typeof collect>

class Endless extends Rows {
  override isOver() {
    return false
  }
}

const strong = (Store: Kind<Rows>): Result => {
  const clock = new ManualClock()
  return collect(() => new Store(clock.now), { clock })
}

const older = (Store: Kind<OlderRows>): Result => {
  const clock = new ManualClock()
  return collect(() => new Store(clock.now), { clock, strong: false })
}

const fragile = (Store: Kind<Fragile>): Result => {
  const clock = new ManualClock()
  let store = new Store(clock.now)
  const outage = { down: () => store.down(), up: () => store.up(), patience: 50 }
  const create = () => {
    store = new Store(clock.now)
    return store
  }
  return collect(create, { clock, outage })
}

/** Two instances that share nothing, where they should share all. */
const apart = (): Result => {
  const clock = new ManualClock()
  return collect(() => new Rows(clock.now), { clock, connections: 2 })
}

const runs: [kind: string, name: string, found: string[], result: () => Result][] = [
  ...cases('answers', ANSWERS, strong),
  ...cases('deadlines', DEADLINES, strong),
  ...cases('comparisons', COMPARISONS, strong),
  ...cases('races', RACES, strong),
  ...cases('values and keys', KEPT, strong),
  ...cases('scans', SCANS, strong),
  ...cases('outages', OUTAGES, fragile),
  ...cases('older stores', OLDER, older),
  ['answers', 'two instances share nothing', ['all instances see the same records'], once(apart)],
]

test.each(runs)('%s: %s', async (_kind, _name, found, result) => {
  const { failures } = await result()
  expect([...failures.keys()].map(title)).toEqual(expect.arrayContaining(found))
})

test('races through several connections tell on a Redis that is read and then written', async () => {
  const create = () => {
    const client = new Redis(inject('redisUrl'))
    class ReadThenWrite extends RedisStore {
      override async replace(...[key, expected, value, end]: Parameters<RedisStore['replace']>) {
        const current = await this.load(key)
        if (current !== expected) return { ok: false as const, current }
        await this.put(key, value, end)
        return { ok: true as const }
      }
      override async touch(key: string, end: number) {
        const value = await this.load(key)
        if (value !== undefined) await this.put(key, value, end)
        return value !== undefined
      }
    }
    return { store: new ReadThenWrite({ client }), close: () => client.quit() }
  }
  const { failures } = await collect(create, { connections: 4 }, /^races/)
  expect([...failures.keys()].map(title)).toEqual(
    expect.arrayContaining([
      'concurrent increments by replace and retry lose none',
      'of concurrent replaces of one value, one writes and the others return its value',
      'destroy wins over every replace',
      'destroy wins over every touch',
      'touch never restores an older value',
    ]),
  )
})

describe('the suite itself', () => {
  test('finds nothing in a store that is right', async () => {
    const results = [await strong(Rows), await older(OlderRows), await fragile(Fragile)]
    for (const { titles, failures } of results) {
      expect(titles.length).toBeGreaterThan(80)
      expect([...failures]).toEqual([])
    }
  })

  test('has no test that finds nothing in any bad store', async () => {
    const { titles } = await fragile(Fragile)
    const failed = await Promise.all(runs.map(async ([, , , result]) => (await result()).failures))
    const found = new Set(failed.flatMap((failures) => [...failures.keys()]))
    expect(titles.filter((title) => !found.has(title))).toEqual([])
  })

  test('has a name for each of its tests, and no two alike', async () => {
    const { titles } = await fragile(Fragile)
    expect(new Set(titles.map(title)).size).toBe(titles.length)
  })

  test.each<[string, Partial<StoreTests>, object, RegExp]>([
    ['an older store declared as strong', {}, new OlderRows(Date.now), /declare strong: false/],
    ['a client', { strong: false }, new Map(), /needs the methods get, set, destroy, or/],
  ])('says so of %s', async (_name, options, store, message) => {
    const { titles, failures } = await collect(() => store as Rows, options)
    expect([...failures.keys()]).toEqual(titles)
    for (const error of failures.values())
      expect(error).toMatchObject({ message: expect.stringMatching(message) })
  })

  test('waits in real time where there is no clock, and longer for a store that is slow', async () => {
    class Slow extends Rows {
      override async create(...args: [string, string, number]) {
        await sleep(70)
        return super.create(...args)
      }
    }
    const only = /expiry > (load keeps|touch moves the deadline later)/
    const { titles, failures } = await collect(() => new Slow(Date.now), {}, only)
    expect([titles.length, [...failures]]).toEqual([2, []])
    const { failures: found } = await collect(() => new Endless(Date.now), {}, only)
    expect([...found.keys()]).toEqual(['expiry > load keeps the deadline'])
  })

  test.each([
    'floor',
    'ceil',
  ] as const)('allows deadlines in whole seconds (%s) with the option precision', async (round) => {
    class Seconds extends Rows {
      override isOver({ expiresAt }: Row) {
        return Math[round](expiresAt / 1000) * 1000 <= this.now()
      }
    }
    const clock = new ManualClock(1_999_999_999_500)
    const create = () => new Seconds(clock.now)
    expect((await collect(create, { clock, precision: 1000 })).failures.size).toBe(0)
    expect((await collect(create, { clock })).failures.size).toBeGreaterThan(0)
  })

  test('closes each store that it opened, also where a test or close itself fails', async () => {
    let open = 0
    const { failures } = await collect(
      () => {
        open++
        return {
          store: new Rows(() => 0),
          close: () => {
            open--
            throw new Error('It does not close')
          },
        }
      },
      { clock: new ManualClock(0) },
    )
    expect(open).toBe(0)
    expect([...failures.values()]).toContainEqual(new Error('It does not close'))
  })

  test('leaves no record behind', async () => {
    const clock = new ManualClock()
    const store = new Rows(clock.now)
    await collect(() => store, { clock })
    expect([...store.rows.values()].filter((row) => !store.isOver(row))).toEqual([])
  })
})

function cases<S>(kind: string, stores: Record<string, Bad<S>>, run: (Store: Kind<S>) => Result) {
  return Object.entries(stores).map(([name, [Store, ...found]]): (typeof runs)[number] => [
    kind,
    name,
    found,
    once(() => run(Store)),
  ])
}

/** Runs the suite once for each store. */
function once(run: () => Result): () => Result {
  let result: Result | undefined
  return () => {
    result ??= run()
    return result
  }
}

function title(path: string): string {
  return path.replace(/^.* > /, '')
}
