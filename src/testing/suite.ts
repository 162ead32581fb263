import { compare } from './compare.js'
import { collision, contract, passed } from './contract.js'
import { expiry } from './expiry.js'
import { hostile } from './hostile.js'
import { outage } from './outage.js'
import { races } from './races.js'
import { scan } from './scan.js'
import { type Clock, type CreateStore, type Outage, type Terms, Trial } from './trial.js'

export interface StoreTests {
  /** Your runner's: Vitest, `node:test`, Mocha, or any that has these two. */
  describe(name: string, define: () => void): unknown
  /** Your runner's. */
  it(name: string, test: () => Promise<void>): unknown
  /** What the tests are reported under. Default 'a session store'. */
  name?: string | undefined
  /**
   * False for a store of get, set and destroy, which is tested behind the adapter that the
   * middleware uses, and for one that is made of such a store. Default true.
   */
  strong?: boolean | undefined
  /** How many instances the races use at once. Above 1, every `create()` has to open the same data. Default 1. */
  connections?: number | undefined
  /** How many writers race. Default 16. */
  writers?: number | undefined
  /** The clock that your store counts by, if it takes one: the tests then need not wait. */
  clock?: Clock | undefined
  /** How finely your store keeps deadlines, in ms: 1000 for whole seconds. Default 1. */
  precision?: number | undefined
  /** How to take what is behind your store away and bring it back. Without it, there are no tests of that. */
  outage?: Outage | undefined
}

const GROUPS = [contract, passed, collision, expiry, compare, races, hostile, scan]

/**
 * Defines the tests that a session store has to pass. `create` opens a store, or a store and what
 * closes it: `{ store, close }`. Every test opens its own and closes it, uses keys of its own and
 * removes them, so no hooks are needed and the data may be shared with others.
 */
export function testStore(create: CreateStore, options: StoreTests): void {
  const { describe, it, name = 'a session store' } = options
  const terms: Terms = {
    strong: options.strong ?? true,
    clock: options.clock,
    precision: options.precision ?? 1,
    connections: options.strong === false ? 1 : (options.connections ?? 1),
    writers: options.writers ?? 16,
    outage: options.outage,
  }
  describe(name, () => {
    for (const group of terms.outage ? [...GROUPS, outage] : GROUPS) {
      const tests = { ...group.every, ...(terms.strong ? group.strong : {}) }
      // A runner may take a group without tests for a mistake.
      if (Object.keys(tests).length === 0) continue
      describe(group.name, () => {
        for (const [title, test] of Object.entries(tests))
          it(title, () => Trial.run(create, terms, test))
      })
    }
  })
}
