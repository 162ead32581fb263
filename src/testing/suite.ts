import { assertKnownOptions } from '../util/shape.js'
import { compare } from './compare.js'
import { TestContext } from './context.js'
import { collision, contract, passed } from './contract.js'
import { expiry } from './expiry.js'
import { hostile } from './hostile.js'
import type { Clock, CreateStore, Outage, StoreTraits } from './options.js'
import { outage } from './outage.js'
import { races } from './races.js'
import { scan, scanOutage } from './scan.js'

/** @since 1.0.0 */
export interface StoreTests {
  /**
   * The `describe` of your runner: Vitest, `node:test`, Mocha or a similar one.
   * @example testStore(() => new MemoryStore(), { describe, it })
   */
  describe(name: string, define: () => void): unknown
  /**
   * The `it` of your runner.
   * @example testStore(() => new MemoryStore(), { describe, it })
   */
  it(name: string, test: () => Promise<void>): unknown
  /**
   * The name of the outer `describe`.
   * @default 'a session store'
   * @example testStore(() => new MemoryStore(), { describe, it, name: 'my store' })
   */
  name?: string | undefined
  /**
   * False for a store without compare-and-set: one of get, set and destroy, which is tested through
   * the middleware's adapter, or one that is built on such a store.
   * @default true
   * @example testStore(() => legacyStore, { describe, it, strong: false })
   */
  strong?: boolean | undefined
  /**
   * How many instances the races use at once. Above 1, every `create()` must open the same data.
   * @default 1
   * @example testStore(() => new RedisStore({ client }), { describe, it, connections: 4 })
   */
  connections?: number | undefined
  /**
   * How many calls race at once.
   * @default 16
   * @example testStore(() => new MemoryStore(), { describe, it, writers: 4 })
   */
  writers?: number | undefined
  /**
   * The clock of your store, if it takes one. Without it the tests wait in real time.
   * @default none
   * @example testStore(() => new MemoryStore({ now: clock.now }), { describe, it, clock })
   */
  clock?: Clock | undefined
  /**
   * To how many ms your store rounds deadlines: 1000 for whole seconds.
   * @default 1
   * @example testStore(() => legacyStore, { describe, it, precision: 1000 })
   */
  precision?: number | undefined
  /**
   * Stops and restarts the server behind your store. Without it, the tests of outages are left out.
   * @default none
   * @example testStore(() => new RedisStore({ client }), { describe, it, outage: { down, up } })
   */
  outage?: Outage | undefined
}

const OPTIONS = [
  ...['describe', 'it', 'name', 'strong', 'connections', 'writers', 'clock', 'precision', 'outage'],
]
const GROUPS = [contract, passed, collision, expiry, compare, races, hostile, scan]

/**
 * Defines the tests that a session store has to pass. `create` returns a store, or
 * `{ store, close }`. Every test opens a store, closes it, and deletes its keys, which no other
 * test uses. So no hooks are needed, and the server may hold other data.
 * @throws {SessionError} ERR_SESSION_OPTION for an unknown option.
 * @since 1.0.0
 * @example testStore(() => new MemoryStore(), { describe, it })
 */
export function testStore(create: CreateStore, options: StoreTests): void {
  assertKnownOptions('testStore', options, OPTIONS)
  const { describe, it, name = 'a session store' } = options
  const traits: StoreTraits = {
    strong: options.strong ?? true,
    clock: options.clock,
    precision: options.precision ?? 1,
    connections: options.strong === false ? 1 : (options.connections ?? 1),
    writers: options.writers ?? 16,
    outage: options.outage,
  }
  describe(name, () => {
    for (const group of traits.outage ? [...GROUPS, outage, scanOutage] : GROUPS) {
      const tests = { ...group.every, ...(traits.strong ? group.strong : {}) }
      // Vitest fails a describe without tests.
      if (Object.keys(tests).length === 0) continue
      describe(group.name, () => {
        for (const [title, test] of Object.entries(tests))
          it(title, () => TestContext.run(create, traits, test))
      })
    }
  })
}
