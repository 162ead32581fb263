import fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitFields } from '../../src/record/fields.js'
import { merge } from '../../src/record/merge.js'
import { splitSimilar } from '../../src/record/similar-fields.js'

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
