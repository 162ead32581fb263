import fc from 'fast-check'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type Opened, STRONG, WEAK } from '../support/backends.js'
import type { Op } from './model.js'
import { type Command, play } from './play.js'
import { type Fault, World } from './world.js'

const BROWSERS = 3
const KEYS = ['a', 'b', 'c']

const key = fc.constantFrom(...KEYS)
const browser = fc.nat({ max: BROWSERS - 1 })
const write: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('set' as const), key, value: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('replace' as const), key, value: fc.nat() }),
  },
)
const regenerate: fc.Arbitrary<Op> = fc.record({
  type: fc.constant('regenerate' as const),
  keep: fc.subarray(KEYS),
})
const logout: fc.Arbitrary<Op> = fc.constant({ type: 'logout' })
const update: fc.Arbitrary<Op> = fc.record({
  type: fc.constant('update' as const),
  key: fc.constant('n'),
})
const writes = fc.array(write, { maxLength: 3 })

const ops: fc.Arbitrary<Op[]> = fc.oneof(
  { weight: 5, arbitrary: writes },
  { weight: 2, arbitrary: fc.tuple(writes, update).map(([before, last]) => [...before, last]) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(writes, regenerate, writes)
      .map(([before, move, after]) => [...before, move, ...after]),
  },
  { weight: 1, arbitrary: fc.tuple(writes, logout).map(([before, end]) => [...before, end]) },
  { weight: 1, arbitrary: fc.tuple(logout, writes).map(([end, after]) => [end, ...after]) },
)

const fault: fc.Arbitrary<Fault> = fc.record({
  at: fc.constantFrom('before' as const, 'after' as const),
  nth: fc.integer({ min: 1, max: 2 }),
})

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('begin' as const),
      browser,
      ops,
      early: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('finish' as const),
      index: fc.nat({ max: 5 }),
      fault: fc.option(fault, { nil: undefined, freq: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('expire' as const), browser }) },
)

const scenario = fc.record({
  rolling: fc.boolean(),
  defer: fc.boolean(),
  commands: fc.array(command, { minLength: 1, maxLength: 25 }),
})

// FC_RUNS=20000 npx vitest run test/properties looks longer; a failure prints its seed and its path.
const RUNS = Number(process.env.FC_RUNS ?? 1000)
// A store in this process plays more games in the same time than one behind a socket.
const SHARES: Record<string, number> = { MemoryStore: 3, migrating: 0.5, SqliteStore: 0.3 }

// A store without compare-and-set promises the same within one process.
describe.each([...STRONG, ...WEAK.slice(0, 1)])('any interleaving of requests, on $name', ({
  name,
  open,
}) => {
  let opened: Opened
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(() => opened.close())

  let games = 0
  const numRuns = Math.ceil(RUNS * (SHARES[name] ?? 0.1))
  test(`${numRuns} games`, { timeout: 120_000 }, async () => {
    const seed = Date.now() ^ process.pid
    console.log(`${name}: ${numRuns} games, seed ${seed}`)
    const property = fc.asyncProperty(scenario, async ({ commands, ...options }) => {
      const prefix = `${opened.prefix}${games++}:`
      const world = new World(BROWSERS, opened.store, { ...options, prefix })
      await play(world, commands).finally(() => world.close())
    })
    await fc.assert(property, { numRuns, seed })
  })
})
