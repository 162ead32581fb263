import { describe, expect, test } from 'vitest'
import { parseRecord as decode, encodeRecord as encode } from '../../src/record/format.js'

describe('records', () => {
  test('hold the keys of the data, and the attributes under cookie', () => {
    expect(encode({ a: 1 }, '{"maxAge":null}')).toBe('{"a":1,"cookie":{"maxAge":null}}')
    expect(encode({}, '{}')).toBe('{"cookie":{}}')
    expect(decode('{"a":1,"cookie":{"maxAge":1}}')).toEqual({
      data: { a: 1 },
      cookie: { maxAge: 1 },
      peer: undefined,
    })
  })

  test('of koa-session are decoded, and encoded so that koa-session reads them', () => {
    const record = decode('{"a":1,"_expire":5,"_maxAge":2}')
    expect(record).toEqual({
      data: { a: 1 },
      cookie: { maxAge: 2, own: ['maxAge'] },
      peer: { expire: 5, maxAge: 2 },
    })
    const peer = { expire: 9, maxAge: 2 }
    const written = encode({ a: 2 }, '{"own":["maxAge"],"maxAge":2}', { peer })
    expect(JSON.parse(written)).toMatchObject({ a: 2, _expire: 9, _maxAge: 2 })
    expect(decode(written)).toMatchObject({ data: { a: 2 }, peer: { expire: 9, maxAge: 2 } })
    expect(decode('{"_session":true}')).toEqual({
      data: {},
      cookie: { maxAge: null, own: ['maxAge'] },
      peer: 'session',
    })
    expect(decode(encode({}, '{"own":[]}', { peer: 'session' }))?.peer).toBe('session')
    expect(decode('{"_expire":1,"cookie":{}}')?.data).toEqual({ _expire: 1 })
    const names = { _expire: 1, _maxAge: 2, _session: true }
    expect(decode(encode(names, '{"own":[]}'))).toMatchObject({ data: names, peer: undefined })
  })

  test('hold keys of these names as data beside koa-session’s own lifetime', () => {
    const names = { _expire: 1, _maxAge: 2 }
    const written = encode(names, '{"own":[]}', { peer: 'session' })
    expect(decode(written)).toMatchObject({ data: names, peer: undefined })
    expect(decode('{"_expire":1,"_maxAge":2,"_session":true}')).toMatchObject({
      data: names,
      peer: 'session',
    })
    expect(decode('{"_expire":1,"_maxAge":2,"_session":"x"}')).toMatchObject({
      data: { _session: 'x' },
      peer: { expire: 1, maxAge: 2 },
    })
  })

  test.each([
    '{"originalMaxAge":60000,"expires":"2030-01-01T00:00:00.000Z","httpOnly":true,"path":"/"}',
    '{"path":"/","httpOnly":true,"overwrite":true,"signed":true,"maxAge":86400000}',
  ])('of other packages, by their cookie %s, hold keys of these names as data', (cookie) => {
    const names = '"_expire":1,"_maxAge":2,"_session":true'
    expect(decode(`{"a":1,${names},"cookie":${cookie}}`)).toMatchObject({
      data: { a: 1, _expire: 1, _maxAge: 2, _session: true },
      peer: undefined,
    })
  })

  test.each([
    'null',
    '[]',
    '"s"',
    '7',
    '',
    '{',
    'undefined',
    '0e99',
  ])('%s is not a record', (value) => {
    expect(decode(value)).toBe(undefined)
  })
})
