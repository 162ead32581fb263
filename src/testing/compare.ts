import { randomUUID } from 'node:crypto'
import type { Group, Test } from './trial.js'
import { record, refuses, replaces, same } from './values.js'

const A = record('a')
const B = record('b')

/** A record that `replace` must not take for what it expects. */
function differs(stored: string, expected: string): Test {
  return async (trial) => {
    const key = await trial.stored(stored)
    await refuses(trial.store, key, expected, stored, trial.later)
    same(await trial.store.load(key), stored)
    await replaces(trial.store, key, stored, B, trial.later)
  }
}

const LONG = record('x'.repeat(100_000))

/** `replace` compares byte by byte, and the whole of it. */
export const compare: Group = {
  name: 'compare and set',
  every: {
    'a value that was expected and its beginning are two': differs(A, A.slice(0, -1)),
    'a value that was expected and one that goes on are two': differs(A, `${A}}`),
    'a long value and one that differs at its end are two': differs(LONG, `${LONG.slice(0, -1)} `),
    'upper and lower case are two': differs(A, A.toUpperCase()),
    'white space at the end counts': differs(A, `${A} `),
    'white space at the start counts': differs(A, ` ${A}`),
    'a NUL at the end counts': differs(A, `${A}\0`),
    'the same JSON in other words is another value': differs(A, A.replace(':', ': ')),
    'an accent counts': differs(record('resume'), record('résumé')),
    'the same letter in other code points is another value': differs(
      record('é'),
      record('e\u0301'),
    ),
    'what is expected is no pattern': differs(A, `${A.slice(0, -2)}%`),
    'what is expected is no regular expression': differs(A, '.*'),
    'an empty text matches no record': differs(A, ''),
    'a refused replace goes through with the value that it was told': async (trial) => {
      const key = await trial.stored(A)
      const answer = await trial.store.replace(key, B, B, trial.later)
      await replaces(trial.store, key, (!answer.ok && answer.current) || '', B, trial.later)
      same(await trial.store.load(key), B)
    },
    'the same value again is a success': async (trial) => {
      const key = await trial.stored(A)
      await replaces(trial.store, key, A, A, trial.later)
      same(await trial.store.load(key), A)
    },
    'the value counts, not how it came there: a, b and a again match a': async (trial) => {
      const key = await trial.stored(A)
      await replaces(trial.store, key, A, B, trial.later)
      await refuses(trial.store, key, A, B, trial.later)
      await replaces(trial.store, key, B, A, trial.later)
      await replaces(trial.store, key, A, B, trial.later)
      same(await trial.store.load(key), B)
    },
    'after destroy and create, the new record is compared': async (trial) => {
      const key = await trial.stored(A)
      await trial.store.destroy(key)
      await refuses(trial.store, key, A, undefined, trial.later)
      await trial.store.create(key, B, trial.later)
      await refuses(trial.store, key, A, B, trial.later)
      await replaces(trial.store, key, B, A, trial.later)
    },
    'a short value leaves nothing of a long one': async (trial) => {
      const long = record(randomUUID().repeat(1000))
      const key = await trial.stored(long)
      await replaces(trial.store, key, long, A, trial.later)
      same(await trial.store.load(key), A)
    },
  },
  strong: {
    'numbers that are equal are two texts': async (trial) => {
      await differs('0e1', '0e2')(trial)
      await differs('1', '1.0')(trial)
      await differs('10', '1e1')(trial)
    },
    'an empty value is a value, and not gone': async (trial) => {
      const key = await trial.stored('')
      await refuses(trial.store, key, A, '', trial.later)
      await replaces(trial.store, key, '', A, trial.later)
      same(await trial.store.load(key), A)
    },
  },
}
