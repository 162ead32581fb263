import { equal } from 'node:assert/strict'
import { ONE_DAY } from '../util/duration.js'
import type { Group, Trial } from './trial.js'
import { record, refuses, replaces, same } from './values.js'

const A = record('a')
const B = record('b')

/** The key of a record that has expired. */
function expired(trial: Trial): Promise<string> {
  return trial.outlive(async (key, deadline) => {
    equal(await trial.store.create(key, A, deadline), true)
    same(await trial.store.load(key), A)
  })
}

/** An expired record is as good as absent. */
export const expiry: Group = {
  name: 'expiry',
  every: {
    'an expired record is not loaded': async (trial) => {
      same(await trial.store.load(await expired(trial)), undefined)
    },
    'an expired record is not brought back by load with a touch': async (trial) => {
      const key = await expired(trial)
      same(await trial.store.load(key, trial.later), undefined)
      same(await trial.store.load(key), undefined)
    },
    'an expired record is not brought back by touch': async (trial) => {
      const key = await expired(trial)
      equal(await trial.store.touch(key, trial.later), false)
      same(await trial.store.load(key), undefined)
    },
    'an expired record is gone for replace, even for the value it had': async (trial) => {
      const key = await expired(trial)
      await refuses(trial.store, key, A, undefined, trial.later)
      await refuses(trial.store, key, B, undefined, trial.later)
      same(await trial.store.load(key), undefined)
    },
    'an expired record is nothing to destroy': async (trial) => {
      equal(await trial.store.destroy(await expired(trial)), false)
    },
    'an expired key can be created again': async (trial) => {
      const key = await expired(trial)
      equal(await trial.store.create(key, B, trial.later), true)
      same(await trial.store.load(key), B)
    },
    'load leaves the deadline': async (trial) => {
      const key = await trial.outlive(async (key, deadline) => {
        await trial.store.create(key, A, deadline)
        same(await trial.store.load(key), A)
      })
      same(await trial.store.load(key), undefined)
    },
    'load with a touch moves the deadline in the same call, later': async (trial) => {
      const key = await trial.outlive(async (key, deadline) => {
        await trial.store.create(key, A, deadline)
        same(await trial.store.load(key, trial.later), A)
      })
      same(await trial.store.load(key), A)
    },
    'load with a touch moves the deadline in the same call, sooner': async (trial) => {
      const key = await trial.outlive(async (key, deadline) => {
        await trial.store.create(key, A, trial.later)
        same(await trial.store.load(key, deadline), A)
      })
      same(await trial.store.load(key), undefined)
    },
    'touch moves the deadline, later': async (trial) => {
      const key = await trial.outlive(async (key, deadline) => {
        await trial.store.create(key, A, deadline)
        equal(await trial.store.touch(key, trial.later), true)
      })
      same(await trial.store.load(key), A)
    },
    'touch moves the deadline, sooner': async (trial) => {
      const key = await trial.outlive(async (key, deadline) => {
        await trial.store.create(key, A, trial.later)
        equal(await trial.store.touch(key, deadline), true)
      })
      same(await trial.store.load(key), undefined)
    },
    'replace sets its own deadline, later': async (trial) => {
      const key = await trial.outlive(async (key, deadline) => {
        await trial.store.create(key, A, deadline)
        await replaces(trial.store, key, A, B, trial.later)
      })
      same(await trial.store.load(key), B)
    },
    'replace sets its own deadline, sooner': async (trial) => {
      const key = await trial.outlive(async (key, deadline) => {
        await trial.store.create(key, A, trial.later)
        await replaces(trial.store, key, A, B, deadline)
      })
      same(await trial.store.load(key), undefined)
    },
    'replace, refused, leaves the deadline': async (trial) => {
      const key = await trial.outlive(async (key, deadline) => {
        await trial.store.create(key, A, deadline)
        await refuses(trial.store, key, B, A, trial.later)
      })
      same(await trial.store.load(key), undefined)
    },
    'create, refused, leaves the deadline': async (trial) => {
      const key = await trial.outlive(async (key, deadline) => {
        await trial.store.create(key, A, deadline)
        equal(await trial.store.create(key, B, trial.later), false)
      })
      same(await trial.store.load(key), undefined)
    },
    'the deadline of a destroyed record does not end its successor': async (trial) => {
      const key = await trial.outlive(async (key, deadline) => {
        await trial.store.create(key, A, deadline)
        await trial.store.destroy(key)
        equal(await trial.store.create(key, B, trial.later), true)
      })
      same(await trial.store.load(key), B)
    },
    // Past the range of timers, of 32-bit seconds, and of lifetimes that some servers take for dates.
    'deadlines of 400 days and of 100 years': async (trial) => {
      for (const life of [400 * ONE_DAY, 36_500 * ONE_DAY]) {
        const key = await trial.stored(A, trial.now() + life)
        await trial.jump(life - ONE_DAY)
        same(await trial.store.load(key), A)
        equal(await trial.store.touch(key, trial.now() + life), true)
        await replaces(trial.store, key, A, B, trial.now() + life)
        await trial.jump(life - ONE_DAY)
        same(await trial.store.load(key, trial.now() + life), B)
        await trial.jump(life - ONE_DAY)
        same(await trial.store.load(key), B)
      }
    },
  },
}
