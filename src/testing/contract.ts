import { equal } from 'node:assert/strict'
import { tombstone } from '../record/tombstone.js'
import type { Group } from './context.js'
import { assertRefused, assertReplaced, assertValue, recordOf } from './values.js'

const A = recordOf('a')
const B = recordOf('b')

/** What each call does and returns. */
export const contract: Group = {
  name: 'contract',
  every: {
    'load: returns undefined for a missing key': async (t) => {
      assertValue(await t.store.load(t.key()), undefined)
    },
    'create: stores a record that load returns unchanged': async (t) => {
      const key = t.key()
      equal(await t.store.create(key, A, t.later), true)
      assertValue(await t.store.load(key), A)
      assertValue(await t.store.load(key), A)
    },
    'replace: overwrites the expected value': async (t) => {
      const key = await t.createRecord(A)
      await assertReplaced(t.store, key, A, B, t.later)
      assertValue(await t.store.load(key), B)
    },
    'replace: refuses another value, returns the current one and keeps it': async (t) => {
      const key = await t.createRecord(A)
      await assertRefused(t.store, key, B, A, t.later)
      assertValue(await t.store.load(key), A)
    },
    'replace: never creates': async (t) => {
      const key = t.key()
      await assertRefused(t.store, key, A, undefined, t.later)
      assertValue(await t.store.load(key), undefined)
    },
    'touch: returns true for a record and keeps its value': async (t) => {
      const key = await t.createRecord(A)
      equal(await t.store.touch(key, t.later), true)
      assertValue(await t.store.load(key), A)
    },
    'touch: returns false for a missing key and never creates': async (t) => {
      const key = t.key()
      equal(await t.store.touch(key, t.later), false)
      assertValue(await t.store.load(key), undefined)
    },
    'load with touch: returns the value and never creates': async (t) => {
      const [key, absent] = [await t.createRecord(A), t.key()]
      assertValue(await t.store.load(key, t.later), A)
      assertValue(await t.store.load(absent, t.later), undefined)
      assertValue(await t.store.load(absent), undefined)
    },
    'destroy: removes a record and returns true': async (t) => {
      const key = await t.createRecord(A)
      equal(await t.store.destroy(key), true)
      assertValue(await t.store.load(key), undefined)
    },
    'destroy: returns false for a missing key': async (t) => {
      const key = t.key()
      equal(await t.store.destroy(key), false)
      await t.store.create(key, A, t.later)
      await t.store.destroy(key)
      equal(await t.store.destroy(key), false)
    },
    'a destroyed record is gone for every call': async (t) => {
      const key = await t.createRecord(A)
      await t.store.destroy(key)
      assertValue(await t.store.load(key, t.later), undefined)
      equal(await t.store.touch(key, t.later), false)
      await assertRefused(t.store, key, A, undefined, t.later)
      assertValue(await t.store.load(key), undefined)
    },
    'a destroyed key can be created again': async (t) => {
      const key = await t.createRecord(A)
      await t.store.destroy(key)
      equal(await t.store.create(key, B, t.later), true)
      assertValue(await t.store.load(key), B)
    },
    'keys are independent, even when one is a prefix of another': async (t) => {
      const [key, longer, third] = [t.key('a'), t.key('ab'), t.key('b')]
      equal(await t.store.create(longer, B, t.later), true)
      assertValue(await t.store.load(key), undefined)
      equal(await t.store.create(key, A, t.later), true)
      assertValue(await t.store.load(longer), B)
      await t.store.destroy(key)
      assertValue(await t.store.load(longer), B)
      assertValue(await t.store.load(third), undefined)
    },
  },
  strong: {
    'all instances see the same records': async (t) => {
      const stores = await t.stores()
      for (const writer of stores) {
        const key = t.key()
        equal(await writer.create(key, A, t.later), true)
        for (const reader of stores) assertValue(await reader.load(key), A)
      }
    },
  },
}

/** A deadline in the past is no error: the record is gone at once. */
export const passed: Group = {
  name: 'a deadline that has passed',
  every: {
    'create: returns true and stores nothing': async (t) => {
      for (const deadline of [t.past, 0]) {
        const key = t.key()
        equal(await t.store.create(key, A, deadline), true)
        assertValue(await t.store.load(key), undefined)
      }
    },
    'create: does not end an existing record': async (t) => {
      const key = await t.createRecord(A)
      equal(await t.store.create(key, B, t.past), false)
      assertValue(await t.store.load(key), A)
    },
    'replace: returns ok and ends the record': async (t) => {
      const key = await t.createRecord(A)
      await assertReplaced(t.store, key, A, B, t.past)
      assertValue(await t.store.load(key), undefined)
    },
    'replace: still refuses another value': async (t) => {
      const key = await t.createRecord(A)
      await assertRefused(t.store, key, B, A, t.past)
      assertValue(await t.store.load(key), A)
    },
    'touch: returns true and ends the record': async (t) => {
      const key = await t.createRecord(A)
      equal(await t.store.touch(key, t.past), true)
      assertValue(await t.store.load(key), undefined)
    },
    'load with touch: returns the value and ends the record': async (t) => {
      const key = await t.createRecord(A)
      assertValue(await t.store.load(key, t.past), A)
      // Some servers round a lifetime up to their smallest unit.
      await t.advance(1)
      assertValue(await t.store.load(key), undefined)
    },
  },
}

/** `create` with a key that is taken. */
export const collision: Group = {
  name: 'collision',
  every: {
    'create: returns false for an existing key and keeps its record': async (t) => {
      const key = await t.createRecord(A)
      equal(await t.store.create(key, B, t.later), false)
      assertValue(await t.store.load(key), A)
      await assertReplaced(t.store, key, A, B, t.later)
    },
    'create: returns false even for an equal value': async (t) => {
      const key = await t.createRecord(A)
      equal(await t.store.create(key, A, t.later), false)
    },
  },
  strong: {
    'create: returns false for a key that holds a tombstone': async (t) => {
      const until = t.later
      const ended = tombstone(until)
      const key = await t.createRecord(ended, until)
      equal(await t.store.create(key, A, t.later), false)
      assertValue(await t.store.load(key), ended)
    },
  },
}
