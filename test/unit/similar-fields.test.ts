import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CookiePolicy } from '../../src/cookie/policy.js'
import { differingKeys, splitFields } from '../../src/record/fields.js'
import { RecordFormat } from '../../src/record/format.js'
import { merge } from '../../src/record/merge.js'
import { LoadedRecord } from '../../src/record/records.js'
import { splitSimilar } from '../../src/record/similar-fields.js'

const FORMAT = new RecordFormat(new CookiePolicy('koa.sid'))
const key = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.constantFrom('a', 'b', 'c', '"', '\\', 'cookie'),
)
const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(1, 11, ',"a":1', '}', '{'))
const data = fc.dictionary(key, value, { maxKeys: 8 })
/** All that can be looked up, in no order. */
function similar(json: string, other: string): Map<string, string | undefined> {
  const fields = splitSimilar(json, { value: other, fields: splitFields(other) })
  return new Map([...fields.keys()].map((key) => [key, fields.get(key)]))
}

test('finds what splitFields finds, whatever differs', () => {
  fc.assert(
    fc.property(data, data, fc.boolean(), (before, changes, isSpaced) => {
      const json = JSON.stringify({ ...before, ...changes })
      const other = JSON.stringify(before, null, isSpaced ? 1 : 0)
      expect(similar(json, other)).toEqual(splitFields(json))
      expect(similar(other, json)).toEqual(splitFields(other))
    }),
    { numRuns: 500 },
  )
})

test.each([
  ['{}', '{}'],
  ['{"a":1}', '{}'],
  ['{}', '{"a":1}'],
  ['{"a":1}', '{"a":1}'],
  ['{"a":11}', '{"a":1}'],
  ['{"a":1,"a":2}', '{"a":1,"a":3}'],
  ['{"aa":1,"b":2}', '{"a":1,"b":2}'],
  ['{"a":"},{","b":2}', '{"a":"},","b":2}'],
])('%s, beside %s', (json, other) => {
  expect(similar(json, other)).toEqual(splitFields(json))
})

test('a merge with it equals a merge with all fields', () => {
  fc.assert(
    fc.property(data, data, data, (base, mine, theirs) => {
      const [before, after] = [JSON.stringify(base), JSON.stringify({ ...base, ...mine })]
      const fields = splitFields(before)
      const stored = splitFields(JSON.stringify(theirs))
      expect(merge(fields, splitSimilar(after, { value: before, fields }), stored, 'mine')).toEqual(
        merge(fields, splitFields(after), stored, 'mine'),
      )
    }),
    { numRuns: 300 },
  )
})

test('a record names every key in which it differs from it', () => {
  fc.assert(
    fc.property(data, data, data, (base, mine, theirs) => {
      const [before, after] = [JSON.stringify(base), JSON.stringify({ ...base, ...mine })]
      const fields = splitFields(before)
      const value = JSON.stringify({ ...base, ...theirs, cookie: {} })
      const record = new LoadedRecord(FORMAT, 'id', 'key', value, value)
      const all = splitFields(after)
      // Twice: the differences from one base are kept.
      for (const other of [after, before]) {
        const similar = splitSimilar(other, { value: before, fields })
        const said = new Set(record.keysBeside(similar))
        for (const key of differingKeys(record.fields, similar)) expect(said).toContain(key)
      }
      expect(record.keysBeside(all)).toEqual(differingKeys(record.fields, all))
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['few brackets', '{"a":[{}],"cookie":{}}', true],
  ['many, side by side', `{"a":[${Array(1000).fill('{}')}],"cookie":{}}`, true],
  ['many, one within another', `{"a":${'['.repeat(400)}${']'.repeat(400)},"cookie":{}}`, true],
  ['no record', '[[]]', false],
  ['no JSON', '{"a":[{}', false],
])('a record can be written again: %s', (_, value, isWritable) => {
  const record = new LoadedRecord(FORMAT, 'id', 'key', value, value)
  expect([record.isWritable, record.isWritable]).toEqual([isWritable, isWritable])
})
