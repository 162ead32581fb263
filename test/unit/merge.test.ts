import { describe, expect, test } from 'vitest'
import { splitFields } from '../../src/record/fields.js'
import { fromTheirSide, merge } from '../../src/record/merge.js'

describe('merge', () => {
  const edits = (
    base: object,
    theirs: object,
    mine: object,
    onConflict: Parameters<typeof merge>[3] = 'mine',
  ) =>
    merge(fields(base), fields(theirs), fields(mine), onConflict).map(({ key, text }) => ({
      key,
      value: text === undefined ? undefined : JSON.parse(text),
    }))

  const fields = (data: object) => splitFields(JSON.stringify(data))

  test('takes keys that only the stored side changed: set, added, deleted', () => {
    const base = { a: 1, b: 1, c: 1 }
    expect(edits(base, { a: 2, b: 1, d: 1 }, base)).toEqual([
      { key: 'a', value: 2 },
      { key: 'c', value: undefined },
      { key: 'd', value: 1 },
    ])
  })

  test('keeps keys that only this request changed', () => {
    const base = { a: 1, b: 1 }
    expect(edits(base, base, { a: 2, c: 3 })).toEqual([])
  })

  test('the same change on both sides is no conflict', () => {
    expect(edits({ a: 1 }, { a: { x: 2 } }, { a: { x: 2 } }, 'throw')).toEqual([])
    expect(edits({ a: 1 }, {}, {}, 'throw')).toEqual([])
  })

  test('onConflict decides a key that both sides changed', () => {
    const sides = [{ a: 1 }, { a: 2 }, { a: 3 }] as const
    expect(edits(...sides)).toEqual([])
    expect(edits(...sides, 'theirs')).toEqual([{ key: 'a', value: 2 }])
    expect(edits(...sides, (key, base, theirs, mine) => [key, base, theirs, mine])).toEqual([
      { key: 'a', value: ['a', 1, 2, 3] },
    ])
    expect(edits(...sides, () => undefined)).toEqual([{ key: 'a', value: undefined }])
    expect(() => edits(...sides, 'throw')).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFLICT', status: 409 }),
    )
  })

  test('an onConflict function is called for the same change on both sides, so that two additions add up', () => {
    const add = (_key: string, base: unknown, theirs: unknown, mine: unknown) =>
      Number(theirs) + Number(mine) - Number(base)
    expect(edits({ n: 1 }, { n: 2 }, { n: 2 }, add)).toEqual([{ key: 'n', value: 3 }])
  })

  test('a deletion on one side and a change on the other is a conflict', () => {
    expect(edits({ a: 1 }, {}, { a: 2 })).toEqual([])
    expect(edits({ a: 1 }, {}, { a: 2 }, 'theirs')).toEqual([{ key: 'a', value: undefined }])
    expect(edits({ a: 1 }, { a: 2 }, {}, 'theirs')).toEqual([{ key: 'a', value: 2 }])
  })

  test('values are compared as JSON, and inherited names are not keys', () => {
    expect(edits({ d: '1970-01-01T00:00:00.000Z' }, { d: 5 }, { d: new Date(0) })).toEqual([
      { key: 'd', value: 5 },
    ])
    expect(edits({}, {}, { constructor: 1 })).toEqual([])
    expect(edits({}, JSON.parse('{"__proto__":1}'), {})).toEqual([{ key: '__proto__', value: 1 }])
  })

  test('a different spelling of a value is not a change', () => {
    const base = splitFields('{ "a" : { "x" : 1.0 } , "b":2 }')
    const same = splitFields('{"a":{"x":1},"b":2}')
    const changed = splitFields('{"a":{"x":1},"b":3}')
    expect(merge(base, changed, same, 'throw')).toEqual([{ key: 'b', text: '3' }])
    expect(merge(base, same, changed, 'throw')).toEqual([])
  })

  test('the beginning of a session is no conflict: the earlier one counts', () => {
    const cookie = (more: object) => ({ cookie: { maxAge: null, own: [], ...more } })
    const [none, early, late] = [cookie({}), cookie({ created: 5 }), cookie({ created: 6 })]
    expect(edits(none, early, late, 'throw')).toEqual([{ key: 'cookie', value: early.cookie }])
    expect(edits(none, late, early, 'throw')).toEqual([])
    const aged = cookie({ maxAge: 9, own: ['maxAge'], created: 6 })
    expect(edits(none, early, aged, 'throw')).toEqual([
      { key: 'cookie', value: { ...aged.cookie, created: 5 } },
    ])
    const other = cookie({ maxAge: 8, own: ['maxAge'], created: 5 })
    expect(() => edits(none, other, aged, 'throw')).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFLICT' }),
    )
  })

  test('seen from the other side, the same value wins', () => {
    const [base, theirs, mine] = [{ a: 1 }, { a: 2 }, { a: 3 }]
    for (const onConflict of ['mine', 'theirs'] as const) {
      const here = edits(base, theirs, mine, onConflict)
      const there = edits(base, mine, theirs, fromTheirSide(onConflict))
      expect({
        ...mine,
        ...Object.fromEntries(here.map(({ key, value }) => [key, value])),
      }).toEqual({
        ...theirs,
        ...Object.fromEntries(there.map(({ key, value }) => [key, value])),
      })
    }
    expect(
      edits(
        base,
        mine,
        theirs,
        fromTheirSide((_key, ...values) => values),
      ),
    ).toEqual([{ key: 'a', value: [1, 2, 3] }])
  })

  test('calls onConflict only for keys that both sides changed', () => {
    const asked: string[] = []
    const ask = (key: string) => {
      asked.push(key)
      return 0
    }
    edits({ a: 1, b: 1, c: 1 }, { a: 2, b: 1, c: 2, d: 1 }, { a: 3, b: 3, c: 1, e: 1 }, ask)
    expect(asked).toEqual(['a'])
  })

  test('the error of `throw` says what to do, from both sides', () => {
    const sides = [{ a: 1 }, { a: 2 }, { a: 3 }] as const
    for (const onConflict of ['throw', fromTheirSide('throw')] as const)
      expect(() => edits(...sides, onConflict)).toThrow('let the client try again')
  })
})
