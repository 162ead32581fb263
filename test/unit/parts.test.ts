import Keygrip from 'keygrip'
import { describe, expect, test } from 'vitest'
import {
  decodeCookie,
  encodeCookie,
  makeCookie,
  SessionCookie,
} from '../../src/cookie/attributes.js'
import { cookieValues, mergeLines, readCookie } from '../../src/cookie/header.js'
import { serializeAttributes } from '../../src/cookie/set-cookie.js'
import { SignerCache } from '../../src/cookie/signature.js'
import { decode, encode } from '../../src/record/format.js'
import { merge } from '../../src/record/merge.js'
import { tombstone, tombstoneUntil } from '../../src/record/tombstone.js'
import { assertId, generateId, isId } from '../../src/session/id.js'
import { duration, timeToLive as lifetime, type Ttl } from '../../src/util/duration.js'

const SHA1 = { digest: 'sha1' as const, sha1Until: Number.POSITIVE_INFINITY, now: Date.now }

describe('ids', () => {
  test('are 24 random bytes: 32 base64url characters, none twice', () => {
    const ids = new Set(Array.from({ length: 1000 }, generateId))
    expect(ids.size).toBe(1000)
    for (const id of ids) expect(id).toMatch(/^[\w-]{32}$/)
    expect(Buffer.from([...ids][0] ?? '', 'base64url')).toHaveLength(24)
  })

  test.each([
    '0123456789abcdef',
    '4c2f3c1e-aaaa-4bbb-8ccc-0123456789ab',
    'app:0123456789abcdef',
    '{app}|0123456789!%',
    'x'.repeat(256),
  ])('accepted: %s', (id) => expect(isId(id)).toBe(true))

  test.each([
    '',
    '1',
    '../../x',
    '*',
    'a\0bcdefghijklmnop',
    'a b c d e f g h i j',
    '0123456789abcde',
    'x'.repeat(257),
    '.'.repeat(20),
    'abcdefgh..ijklmnop',
    'abcdefghijklmnop\n',
    'ünïcödé-ünïcödé-ü',
    7,
    null,
    undefined,
    {},
  ])('refused: %j', (id) => {
    expect(isId(id)).toBe(false)
    expect(() => assertId(id)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_ID' }))
  })
})

describe('the Cookie header', () => {
  test.each<[string, string[]]>([
    ['sid=a', ['a']],
    ['x=1; sid=a; y=2', ['a']],
    ['x=1;\t sid=a;sid=b', ['a', 'b']],
    ['xsid=a; si=d; sid', []],
    ['x="sid=a"; \u00a0sid=b', []],
    ['SID=a; __Host-sid=b', []],
    ['x=sid=a', []],
    ['sid=', ['']],
    ['sid=a=b', ['a=b']],
    [Array.from({ length: 500 }, () => 'sid=a').join('; '), ['a', 'a', 'a', 'a']],
  ])('%s', (header, values) => expect(cookieValues(header, 'sid')).toEqual(values))

  test('of several cookies with the name, the first that verifies counts', () => {
    const signer = new SignerCache(SHA1).get(['a good secret'])
    const sign = (id: string) => `sid.sig=${signer.sign(`sid=${id}`)}`
    const header = `sid=forged-0123456789; sid=second-0123456789; sid=third-01234567890; ${sign('third-01234567890')}; ${sign('second-0123456789')}`
    expect(readCookie(header, 'sid', signer, isId)).toEqual({
      id: 'second-0123456789',
      stale: false,
    })
    expect(readCookie('sid=forged-0123456789; sid.sig=x', 'sid', signer, isId)).toEqual({
      refused: 'signature',
    })
  })

  test('our Set-Cookie lines take the place of earlier ones of the same names', () => {
    expect(mergeLines(['sid=1; path=/', 'sidx=1', 'sid.sig=1'], ['sid=2', 'sid.sig=2'])).toEqual([
      'sidx=1',
      'sid=2',
      'sid.sig=2',
    ])
  })
})

describe('signatures', () => {
  const keygrip = new Keygrip(['the new one', 'the old one'])

  test('are those of Keygrip, and tell which key made them', () => {
    const signer = new SignerCache(SHA1).get(['the new one', 'the old one'])
    for (const data of ['sid=0123456789abcdef', 'koa.sid=~~~???', 'ü=ß']) {
      expect(signer.sign(data)).toBe(keygrip.sign(data))
      expect(signer.index(data, [keygrip.sign(data)])).toBe(0)
      expect(signer.index(data, ['x', new Keygrip(['the old one']).sign(data)])).toBe(1)
      expect(
        signer.index(data, [new Keygrip(['other']).sign(data), '', keygrip.sign(data).slice(1)]),
      ).toBe(-1)
    }
  })

  test('a Keygrip, and anything that signs like one, will do', () => {
    const data = 'sid=0123456789abcdef'
    const signature = keygrip.sign(data)
    const only = { sign: (text: string) => keygrip.sign(text) }
    const verifies = {
      ...only,
      verify: (text: string, given: string) => keygrip.verify(text, given),
    }
    for (const keys of [keygrip, only, verifies]) {
      const signer = new SignerCache(SHA1).get(keys)
      expect(signer.sign(data)).toBe(signature)
      expect(signer.index(data, ['x', signature])).toBe(0)
      expect(signer.index(data, ['x'])).toBe(-1)
    }
  })

  test('follow the keys, exchanged in place or as a whole', () => {
    const cache = new SignerCache(SHA1)
    const keys = ['number one']
    const before = cache.get(keys).sign('x')
    expect(cache.get(keys)).toBe(cache.get(keys))
    keys.unshift('number two')
    expect(cache.get(keys).sign('x')).not.toBe(before)
    expect(cache.get(['number one']).sign('x')).toBe(before)
  })

  test.each([undefined, null, [], [''], ['good', ''], 'text', {}])('%j are no keys', (keys) => {
    expect(() => new SignerCache(SHA1).get(keys)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_KEYS' }),
    )
  })
})

describe('cookie attributes', () => {
  const base = makeCookie(new SessionCookie(), { maxAge: 1000, domain: 'a.example' })

  test('are written as Koa’s cookies writes them', () => {
    const all = makeCookie(base, {
      path: '/x',
      sameSite: 'None',
      priority: 'high',
      partitioned: true,
      expires: new Date(0),
    })
    expect(serializeAttributes(all, 0, false)).toBe(
      '; path=/x; expires=Thu, 01 Jan 1970 00:00:00 GMT; domain=a.example; priority=high; samesite=none; secure; httponly; partitioned',
    )
    expect(
      serializeAttributes(makeCookie(base, { sameSite: true, httpOnly: false }), 0, true),
    ).toBe(
      '; path=/; expires=Thu, 01 Jan 1970 00:00:01 GMT; domain=a.example; samesite=strict; secure',
    )
    expect(
      serializeAttributes(makeCookie(base, { sameSite: false, maxAge: 0, secure: false }), 0, true),
    ).toBe('; path=/; domain=a.example; httponly')
  })

  test('both spellings are one attribute', () => {
    expect(makeCookie(base, { maxage: 5, rewrite: false })).toMatchObject({
      maxAge: 5,
      maxage: 5,
      overwrite: false,
      rewrite: false,
    })
  })

  test.each<[object, string]>([
    [{ domain: 'a.com; SameSite=None' }, 'ERR_SESSION_COOKIE'],
    [{ domain: 'a..b' }, 'ERR_SESSION_COOKIE'],
    [{ path: '/;x' }, 'ERR_SESSION_COOKIE'],
    [{ path: 'x' }, 'ERR_SESSION_COOKIE'],
    [{ path: '/\r\nSet-Cookie: y=1' }, 'ERR_SESSION_COOKIE'],
    [{ sameSite: 'sometimes' }, 'ERR_SESSION_COOKIE'],
    [{ sameSite: 'none', secure: false }, 'ERR_SESSION_COOKIE'],
    [{ partitioned: true, secure: false }, 'ERR_SESSION_COOKIE'],
    [{ priority: 'urgent' }, 'ERR_SESSION_COOKIE'],
    [{ httpOnly: 'yes' }, 'ERR_SESSION_COOKIE'],
    [{ expires: new Date('never') }, 'ERR_SESSION_COOKIE'],
    [{ expires: '2030-01-01' }, 'ERR_SESSION_COOKIE'],
    [{ maxAge: '1 day' }, 'ERR_SESSION_COOKIE'],
    [{ colour: 'red' }, 'ERR_SESSION_COOKIE'],
    [{ maxAge: Number.NaN }, 'ERR_SESSION_DURATION'],
    [{ maxAge: -1 }, 'ERR_SESSION_DURATION'],
    [{ maxAge: Number.POSITIVE_INFINITY }, 'ERR_SESSION_DURATION'],
    [{ maxAge: 800 * 86_400_000 }, 'ERR_SESSION_DURATION'],
  ])('%j is refused', (options, code) => {
    expect(() => makeCookie(base, options)).toThrow(expect.objectContaining({ code }))
  })

  test('a record keeps what was altered for one user; the rest follows the options', () => {
    const altered = makeCookie(base, { maxAge: 2000 })
    const record = JSON.parse(encodeCookie(altered, base))
    expect(record).toEqual({ domain: 'a.example', sameSite: 'lax', maxAge: 2000, own: ['maxAge'] })
    const later = makeCookie(new SessionCookie(), {
      domain: 'b.example',
      sameSite: 'strict',
      maxAge: 10,
    })
    expect(decodeCookie(record, later)).toMatchObject({
      domain: 'b.example',
      sameSite: 'strict',
      maxAge: 2000,
    })
  })

  test('of an older package’s record the lifetime counts, and nonsense in it is passed over', () => {
    const stored = {
      path: '/x',
      httpOnly: true,
      maxage: 7,
      signed: 'perhaps',
      domain: 7,
      other: 1,
      expires: '2030-01-01T00:00:00.000Z',
    }
    expect(decodeCookie(stored, base)).toMatchObject({
      path: '/',
      maxAge: 7,
      signed: true,
      domain: 'a.example',
      expires: new Date('2030-01-01'),
    })
    expect(decodeCookie({ maxAge: 1e12 }, base).maxAge).toBe(400 * 86_400_000)
    expect(decodeCookie({ maxAge: 'soon', expires: 'never' }, base)).toEqual(base)
  })

  test('a lifetime that an older package altered in a record of ours is noticed', () => {
    const record = JSON.parse(encodeCookie(base, base))
    expect(decodeCookie(record, makeCookie(base, { maxAge: 5 })).maxAge).toBe(5)
    expect(decodeCookie({ ...record, maxAge: 7 }, makeCookie(base, { maxAge: 5 })).maxAge).toBe(7)
    expect(decodeCookie({ ...record, maxAge: null }, base).maxAge).toBe(null)
    for (const none of [undefined, null, 7, 'x']) expect(decodeCookie(none, base)).toEqual(base)
  })
})

describe('durations', () => {
  test.each([
    '1h',
    '1h 30m',
    Number.NaN,
    -1,
    Number.POSITIVE_INFINITY,
    0,
    null,
    1e300,
  ])('%s is refused', (value) => {
    expect(() => duration('ttl', value)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DURATION' }),
    )
  })

  test('fractions are rounded up, zero passes where it means something', () => {
    expect(duration('ttl', 0.1)).toBe(1)
    expect(duration('tombstone', 0, { zero: true })).toBe(0)
  })

  test('the time to live: ttl, then expires, then maxAge, then a day', () => {
    const session = (options: object) => makeCookie(new SessionCookie(), options)
    const timeToLive = (cookie: SessionCookie, ttl: Ttl<object> | undefined, now: number) =>
      lifetime({}, cookie, ttl, now)
    const both = session({ maxAge: 5, expires: new Date(1300) })
    expect(timeToLive(both, 7, 1000)).toBe(7)
    expect(timeToLive(both, () => 8, 1000)).toBe(8)
    expect(timeToLive(both, () => null, 1000)).toBe(300)
    expect(timeToLive(both, undefined, 1000)).toBe(300)
    expect(timeToLive(session({ maxAge: 5 }), undefined, 1000)).toBe(5)
    expect(timeToLive(session({}), undefined, 1000)).toBe(86_400_000)
    expect(() => timeToLive(both, () => -5, 1000)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DURATION' }),
    )
  })
})

describe('records', () => {
  test('are the user’s keys with the cookie beside them', () => {
    expect(encode({ a: 1 }, '{"maxAge":null}')).toBe('{"a":1,"cookie":{"maxAge":null}}')
    expect(encode({}, '{}')).toBe('{"cookie":{}}')
    expect(decode('{"a":1,"cookie":{"maxAge":1}}')).toEqual({
      data: { a: 1 },
      cookie: { maxAge: 1 },
      peer: undefined,
    })
  })

  test('of koa-session are understood, and kept as it needs them', () => {
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

  test.each([
    'null',
    '[]',
    '"s"',
    '7',
    '',
    '{',
    'undefined',
    '0e99',
  ])('%s is no record', (value) => {
    expect(decode(value)).toBe(undefined)
  })

  test('a tombstone is a number with its deadline, and no session to any JSON reader', () => {
    const value = tombstone(1_763_840_123_456.2)
    expect(tombstoneUntil(value)).toBe(1_763_840_123_457)
    expect(JSON.parse(value)).toBe(0)
    for (const other of ['0', '0e', '{"a":"0e5"}', '0e5 ', '0e-5'])
      expect(tombstoneUntil(other)).toBe(undefined)
  })
})

describe('merge', () => {
  const edits = (
    base: object,
    theirs: object,
    mine: object,
    onConflict: Parameters<typeof merge>[3] = 'mine',
  ) => merge({ ...base }, { ...theirs }, { ...mine }, onConflict)

  test('takes what only they changed: set, added, deleted', () => {
    const base = { a: 1, b: 1, c: 1 }
    expect(edits(base, { a: 2, b: 1, d: 1 }, base)).toEqual([
      { key: 'a', value: 2 },
      { key: 'c', value: undefined },
      { key: 'd', value: 1 },
    ])
  })

  test('leaves what only I changed', () => {
    const base = { a: 1, b: 1 }
    expect(edits(base, base, { a: 2, c: 3 })).toEqual([])
  })

  test('both made the same change: nothing to decide', () => {
    expect(edits({ a: 1 }, { a: { x: 2 } }, { a: { x: 2 } }, 'throw')).toEqual([])
    expect(edits({ a: 1 }, {}, {}, 'throw')).toEqual([])
  })

  test('both changed one key: onConflict decides', () => {
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

  test('a function is asked even when both made the same change: two additions are not one', () => {
    const add = (_key: string, base: unknown, theirs: unknown, mine: unknown) =>
      Number(theirs) + Number(mine) - Number(base)
    expect(edits({ n: 1 }, { n: 2 }, { n: 2 }, add)).toEqual([{ key: 'n', value: 3 }])
  })

  test('a deletion against a change is a conflict like any other', () => {
    expect(edits({ a: 1 }, {}, { a: 2 })).toEqual([])
    expect(edits({ a: 1 }, {}, { a: 2 }, 'theirs')).toEqual([{ key: 'a', value: undefined }])
    expect(edits({ a: 1 }, { a: 2 }, {}, 'theirs')).toEqual([{ key: 'a', value: 2 }])
  })

  test('values compare as they are stored, and inherited names are no keys', () => {
    expect(edits({ d: '1970-01-01T00:00:00.000Z' }, { d: 5 }, { d: new Date(0) })).toEqual([
      { key: 'd', value: 5 },
    ])
    expect(edits({}, {}, { constructor: 1 })).toEqual([])
    expect(merge({}, JSON.parse('{"__proto__":1}'), {}, 'mine')).toEqual([
      { key: '__proto__', value: 1 },
    ])
  })
})
