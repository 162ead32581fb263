import { equal } from 'node:assert/strict'
import { tombstone } from '../record/tombstone.js'
import type { Group } from './trial.js'
import { record, refuses, replaces, same } from './values.js'

const A = record('a')
const B = record('b')

/** What each call does and answers. */
export const contract: Group = {
  name: 'contract',
  every: {
    'load: nothing under a key is undefined': async (trial) => {
      same(await trial.store.load(trial.key()), undefined)
    },
    'create: stores a record, and load answers it as it was written': async (trial) => {
      const key = trial.key()
      equal(await trial.store.create(key, A, trial.later), true)
      same(await trial.store.load(key), A)
      same(await trial.store.load(key), A)
    },
    'replace: writes over the value that it expects': async (trial) => {
      const key = await trial.stored(A)
      await replaces(trial.store, key, A, B, trial.later)
      same(await trial.store.load(key), B)
    },
    'replace: refuses any other value, answers the current one and leaves it': async (trial) => {
      const key = await trial.stored(A)
      await refuses(trial.store, key, B, A, trial.later)
      same(await trial.store.load(key), A)
    },
    'replace: never creates': async (trial) => {
      const key = trial.key()
      await refuses(trial.store, key, A, undefined, trial.later)
      same(await trial.store.load(key), undefined)
    },
    'touch: says true of a record, and leaves its value': async (trial) => {
      const key = await trial.stored(A)
      equal(await trial.store.touch(key, trial.later), true)
      same(await trial.store.load(key), A)
    },
    'touch: never creates, and says false': async (trial) => {
      const key = trial.key()
      equal(await trial.store.touch(key, trial.later), false)
      same(await trial.store.load(key), undefined)
    },
    'load with a touch: answers the value, and never creates': async (trial) => {
      const [key, absent] = [await trial.stored(A), trial.key()]
      same(await trial.store.load(key, trial.later), A)
      same(await trial.store.load(absent, trial.later), undefined)
      same(await trial.store.load(absent), undefined)
    },
    'destroy: removes a record, and says true': async (trial) => {
      const key = await trial.stored(A)
      equal(await trial.store.destroy(key), true)
      same(await trial.store.load(key), undefined)
    },
    'destroy: says false where nothing was': async (trial) => {
      const key = trial.key()
      equal(await trial.store.destroy(key), false)
      await trial.store.create(key, A, trial.later)
      await trial.store.destroy(key)
      equal(await trial.store.destroy(key), false)
    },
    'a destroyed record is gone for every call': async (trial) => {
      const key = await trial.stored(A)
      await trial.store.destroy(key)
      same(await trial.store.load(key, trial.later), undefined)
      equal(await trial.store.touch(key, trial.later), false)
      await refuses(trial.store, key, A, undefined, trial.later)
      same(await trial.store.load(key), undefined)
    },
    'a destroyed key can be created again': async (trial) => {
      const key = await trial.stored(A)
      await trial.store.destroy(key)
      equal(await trial.store.create(key, B, trial.later), true)
      same(await trial.store.load(key), B)
    },
    'keys are independent, also where one begins with the other': async (trial) => {
      const [key, longer, third] = [trial.key('a'), trial.key('ab'), trial.key('b')]
      equal(await trial.store.create(longer, B, trial.later), true)
      same(await trial.store.load(key), undefined)
      equal(await trial.store.create(key, A, trial.later), true)
      same(await trial.store.load(longer), B)
      await trial.store.destroy(key)
      same(await trial.store.load(longer), B)
      same(await trial.store.load(third), undefined)
    },
  },
  strong: {
    'all instances see the same records': async (trial) => {
      const stores = await trial.stores()
      for (const writer of stores) {
        const key = trial.key()
        equal(await writer.create(key, A, trial.later), true)
        for (const reader of stores) same(await reader.load(key), A)
      }
    },
  },
}

/** A deadline that has passed already: nothing is kept, and nothing is wrong with that. */
export const passed: Group = {
  name: 'a deadline that has passed',
  every: {
    'create: says true, and stores nothing': async (trial) => {
      for (const deadline of [trial.past, 0]) {
        const key = trial.key()
        equal(await trial.store.create(key, A, deadline), true)
        same(await trial.store.load(key), undefined)
      }
    },
    'create: a key that is taken stays taken': async (trial) => {
      const key = await trial.stored(A)
      equal(await trial.store.create(key, B, trial.past), false)
      same(await trial.store.load(key), A)
    },
    'replace: writes, which is to say it ends the record': async (trial) => {
      const key = await trial.stored(A)
      await replaces(trial.store, key, A, B, trial.past)
      same(await trial.store.load(key), undefined)
    },
    'replace: another value is refused as ever': async (trial) => {
      const key = await trial.stored(A)
      await refuses(trial.store, key, B, A, trial.past)
      same(await trial.store.load(key), A)
    },
    'touch: says true, and ends the record': async (trial) => {
      const key = await trial.stored(A)
      equal(await trial.store.touch(key, trial.past), true)
      same(await trial.store.load(key), undefined)
    },
    'load with a touch: answers the value, and ends the record': async (trial) => {
      const key = await trial.stored(A)
      same(await trial.store.load(key, trial.past), A)
      // Some servers know no lifetime below their smallest unit.
      await trial.pass(1)
      same(await trial.store.load(key), undefined)
    },
  },
}

/** Two sessions that come to one key. */
export const collision: Group = {
  name: 'collision',
  every: {
    'create: under a key that is taken says false, and leaves the record': async (trial) => {
      const key = await trial.stored(A)
      equal(await trial.store.create(key, B, trial.later), false)
      same(await trial.store.load(key), A)
      await replaces(trial.store, key, A, B, trial.later)
    },
    'create: the very same value is refused as well': async (trial) => {
      const key = await trial.stored(A)
      equal(await trial.store.create(key, A, trial.later), false)
    },
  },
  strong: {
    'create: a tombstone takes a key as any value does': async (trial) => {
      const until = trial.later
      const key = await trial.stored(tombstone(until), until)
      equal(await trial.store.create(key, A, trial.later), false)
      same(await trial.store.load(key), tombstone(until))
    },
  },
}
