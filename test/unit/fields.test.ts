import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSameJson, joinFields, splitFields } from '../../src/record/fields.js'

describe('the fields of a JSON object', () => {
  test('are cut out of its text without a change', () => {
    expect([...splitFields('{ "a" : [1, {"b": "}"}] ,\n"c\\"d":"x\\\\","e":null}')]).toEqual([
      ['a', '[1, {"b": "}"}]'],
      ['c"d', '"x\\\\"'],
      ['e', 'null'],
    ])
    expect([...splitFields('{}')]).toEqual([])
    expect([...splitFields(' { } ')]).toEqual([])
  })

  test('with the same key twice: the last one counts', () => {
    expect([...splitFields('{"a":1,"a":2}')]).toEqual([['a', '2']])
  })

  test('are those that JSON.parse finds, for any object and any spacing', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.json()),
        fc.constantFrom(0, 2, '\t'),
        (data, space) => {
          const object = Object.fromEntries(
            Object.entries(data).map(([k, v]) => [k, JSON.parse(v)]),
          )
          const fields = splitFields(JSON.stringify(object, null, space))
          expect([...fields.keys()]).toEqual(Object.keys(object))
          for (const [key, text] of fields)
            expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(object[key])))
          expect(JSON.parse(joinFields(fields))).toEqual(JSON.parse(JSON.stringify(object)))
        },
      ),
    )
  })

  test('are the same when only their spelling differs', () => {
    expect(isSameJson('{"a":1}', '{ "a": 1.0 }')).toBe(true)
    expect(isSameJson('1', '2')).toBe(false)
    expect(isSameJson(undefined, '1')).toBe(false)
    expect(isSameJson(undefined, undefined)).toBe(true)
  })
})
