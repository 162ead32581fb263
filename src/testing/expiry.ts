import { equal } from 'node:assert/strict'
import { ONE_DAY } from '../util/duration.js'
import type { Group, TestContext } from './context.js'
import { assertRefused, assertReplaced, assertValue, recordOf } from './values.js'

const A = recordOf('a')
const B = recordOf('b')

/** Creates a record and waits until it expired. @returns its key. */
function expiredRecord(t: TestContext): Promise<string> {
  return t.waitForExpiry(async (key, deadline) => {
    equal(await t.store.create(key, A, deadline), true)
    assertValue(await t.store.load(key), A)
  })
}

/** An expired record counts as absent. */
export const expiry: Group = {
  name: 'expiry',
  every: {
    'an expired record is not loaded': async (t) => {
      assertValue(await t.store.load(await expiredRecord(t)), undefined)
    },
    'load with touch does not revive an expired record': async (t) => {
      const key = await expiredRecord(t)
      assertValue(await t.store.load(key, t.later), undefined)
      assertValue(await t.store.load(key), undefined)
    },
    'touch does not revive an expired record': async (t) => {
      const key = await expiredRecord(t)
      equal(await t.store.touch(key, t.later), false)
      assertValue(await t.store.load(key), undefined)
    },
    'replace does not match an expired record, not even by its value': async (t) => {
      const key = await expiredRecord(t)
      await assertRefused(t.store, key, A, undefined, t.later)
      await assertRefused(t.store, key, B, undefined, t.later)
      assertValue(await t.store.load(key), undefined)
    },
    'destroy returns false for an expired record': async (t) => {
      equal(await t.store.destroy(await expiredRecord(t)), false)
    },
    'an expired key can be created again': async (t) => {
      const key = await expiredRecord(t)
      equal(await t.store.create(key, B, t.later), true)
      assertValue(await t.store.load(key), B)
    },
    'load keeps the deadline': async (t) => {
      const key = await t.waitForExpiry(async (key, deadline) => {
        await t.store.create(key, A, deadline)
        assertValue(await t.store.load(key), A)
      })
      assertValue(await t.store.load(key), undefined)
    },
    'load with touch moves the deadline later': async (t) => {
      const key = await t.waitForExpiry(async (key, deadline) => {
        await t.store.create(key, A, deadline)
        assertValue(await t.store.load(key, t.later), A)
      })
      assertValue(await t.store.load(key), A)
    },
    'load with touch moves the deadline earlier': async (t) => {
      const key = await t.waitForExpiry(async (key, deadline) => {
        await t.store.create(key, A, t.later)
        assertValue(await t.store.load(key, deadline), A)
      })
      assertValue(await t.store.load(key), undefined)
    },
    'touch moves the deadline later': async (t) => {
      const key = await t.waitForExpiry(async (key, deadline) => {
        await t.store.create(key, A, deadline)
        equal(await t.store.touch(key, t.later), true)
      })
      assertValue(await t.store.load(key), A)
    },
    'touch moves the deadline earlier': async (t) => {
      const key = await t.waitForExpiry(async (key, deadline) => {
        await t.store.create(key, A, t.later)
        equal(await t.store.touch(key, deadline), true)
      })
      assertValue(await t.store.load(key), undefined)
    },
    'replace moves the deadline later': async (t) => {
      const key = await t.waitForExpiry(async (key, deadline) => {
        await t.store.create(key, A, deadline)
        await assertReplaced(t.store, key, A, B, t.later)
      })
      assertValue(await t.store.load(key), B)
    },
    'replace moves the deadline earlier': async (t) => {
      const key = await t.waitForExpiry(async (key, deadline) => {
        await t.store.create(key, A, t.later)
        await assertReplaced(t.store, key, A, B, deadline)
      })
      assertValue(await t.store.load(key), undefined)
    },
    'a refused replace keeps the deadline': async (t) => {
      const key = await t.waitForExpiry(async (key, deadline) => {
        await t.store.create(key, A, deadline)
        await assertRefused(t.store, key, B, A, t.later)
      })
      assertValue(await t.store.load(key), undefined)
    },
    'a refused create keeps the deadline': async (t) => {
      const key = await t.waitForExpiry(async (key, deadline) => {
        await t.store.create(key, A, deadline)
        equal(await t.store.create(key, B, t.later), false)
      })
      assertValue(await t.store.load(key), undefined)
    },
    'the deadline of a destroyed record does not end the next one under its key': async (t) => {
      const key = await t.waitForExpiry(async (key, deadline) => {
        await t.store.create(key, A, deadline)
        await t.store.destroy(key)
        equal(await t.store.create(key, B, t.later), true)
      })
      assertValue(await t.store.load(key), B)
    },
    // Beyond the range of timers and of 32-bit seconds. Memcached reads lifetimes over 30 days as dates.
    'deadlines of 400 days and of 100 years': async (t) => {
      for (const life of [400 * ONE_DAY, 36_500 * ONE_DAY]) {
        const key = await t.createRecord(A, t.now() + life)
        await t.advanceIfManual(life - ONE_DAY)
        assertValue(await t.store.load(key), A)
        equal(await t.store.touch(key, t.now() + life), true)
        await assertReplaced(t.store, key, A, B, t.now() + life)
        await t.advanceIfManual(life - ONE_DAY)
        assertValue(await t.store.load(key, t.now() + life), B)
        await t.advanceIfManual(life - ONE_DAY)
        assertValue(await t.store.load(key), B)
      }
    },
  },
}
