import { randomUUID } from 'node:crypto'
import type { Group, Test } from './context.js'
import { assertRefused, assertReplaced, assertValue, recordOf } from './values.js'

const A = recordOf('a')
const B = recordOf('b')

/** `replace` must refuse `expected` while the record is `stored`. */
function doesNotMatch(stored: string, expected: string): Test {
  return async (t) => {
    const key = await t.createRecord(stored)
    await assertRefused(t.store, key, expected, stored, t.later)
    assertValue(await t.store.load(key), stored)
    await assertReplaced(t.store, key, stored, B, t.later)
  }
}

const LONG = recordOf('x'.repeat(100_000))

/** `replace` compares whole values, byte by byte. */
export const compare: Group = {
  name: 'compare and set',
  every: {
    'the beginning of the stored value does not match': doesNotMatch(A, A.slice(0, -1)),
    'a longer value that begins with the stored one does not match': doesNotMatch(A, `${A}}`),
    'a long value that differs only at its end does not match': doesNotMatch(
      LONG,
      `${LONG.slice(0, -1)} `,
    ),
    'upper and lower case count': doesNotMatch(A, A.toUpperCase()),
    'white space at the end counts': doesNotMatch(A, `${A} `),
    'white space at the start counts': doesNotMatch(A, ` ${A}`),
    'a NUL at the end counts': doesNotMatch(A, `${A}\0`),
    'equal JSON with other white space does not match': doesNotMatch(A, A.replace(':', ': ')),
    'an accent counts': doesNotMatch(recordOf('resume'), recordOf('résumé')),
    'another Unicode normalization does not match': doesNotMatch(
      recordOf('é'),
      recordOf('e\u0301'),
    ),
    'the expected value is not a LIKE pattern': doesNotMatch(A, `${A.slice(0, -2)}%`),
    'the expected value is not a regular expression': doesNotMatch(A, '.*'),
    'an empty string matches no record': doesNotMatch(A, ''),
    'a refused replace succeeds with the value that it returned': async (t) => {
      const key = await t.createRecord(A)
      const answer = await t.store.replace(key, B, B, t.later)
      await assertReplaced(t.store, key, (!answer.ok && answer.current) || '', B, t.later)
      assertValue(await t.store.load(key), B)
    },
    'replacing a value by itself succeeds': async (t) => {
      const key = await t.createRecord(A)
      await assertReplaced(t.store, key, A, A, t.later)
      assertValue(await t.store.load(key), A)
    },
    'only the value counts, not its history: a, b and a again match a': async (t) => {
      const key = await t.createRecord(A)
      await assertReplaced(t.store, key, A, B, t.later)
      await assertRefused(t.store, key, A, B, t.later)
      await assertReplaced(t.store, key, B, A, t.later)
      await assertReplaced(t.store, key, A, B, t.later)
      assertValue(await t.store.load(key), B)
    },
    'after destroy and create, the new record is compared': async (t) => {
      const key = await t.createRecord(A)
      await t.store.destroy(key)
      await assertRefused(t.store, key, A, undefined, t.later)
      await t.store.create(key, B, t.later)
      await assertRefused(t.store, key, A, B, t.later)
      await assertReplaced(t.store, key, B, A, t.later)
    },
    'a short value overwrites all of a long one': async (t) => {
      const long = recordOf(randomUUID().repeat(1000))
      const key = await t.createRecord(long)
      await assertReplaced(t.store, key, long, A, t.later)
      assertValue(await t.store.load(key), A)
    },
  },
  strong: {
    'equal numbers in different spellings do not match': async (t) => {
      await doesNotMatch('0e1', '0e2')(t)
      await doesNotMatch('1', '1.0')(t)
      await doesNotMatch('10', '1e1')(t)
    },
    'an empty value counts as a record': async (t) => {
      const key = await t.createRecord('')
      await assertRefused(t.store, key, A, '', t.later)
      await assertReplaced(t.store, key, '', A, t.later)
      assertValue(await t.store.load(key), A)
    },
  },
}
