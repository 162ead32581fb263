import { describe, expect, test } from 'vitest'
import { type CookieOptions, makeCookie, SessionCookie } from '../../src/cookie/attributes.js'
import { CookiePolicy } from '../../src/cookie/policy.js'
import { decodeCookie, encodeCookie } from '../../src/record/stored-cookie.js'

describe('stored cookies', () => {
  const base = makeCookie(new SessionCookie(), { maxAge: 1000, domain: 'a.example' })
  const decode = (stored: unknown, defaults: CookieOptions) =>
    decodeCookie(stored, new CookiePolicy('koa.sid', { ...defaults }))

  test('a record keeps the attributes changed for one session; the others follow the options', () => {
    const altered = makeCookie(base, { maxAge: 2000 })
    const record = JSON.parse(encodeCookie(altered, base))
    expect(record).toEqual({ domain: 'a.example', sameSite: 'lax', maxAge: 2000, own: ['maxAge'] })
    const later = makeCookie(new SessionCookie(), {
      domain: 'b.example',
      sameSite: 'strict',
      maxAge: 10,
    })
    expect(decode(record, later)).toMatchObject({
      domain: 'b.example',
      sameSite: 'strict',
      maxAge: 2000,
    })
  })

  test('the lifetime in a record of an older package is read, and invalid attributes are ignored', () => {
    const stored = {
      path: '/x',
      httpOnly: true,
      maxage: 7,
      signed: 'perhaps',
      domain: 7,
      other: 1,
      expires: '2030-01-01T00:00:00.000Z',
    }
    expect(decode(stored, base)).toMatchObject({
      path: '/',
      maxAge: 7,
      signed: true,
      domain: 'a.example',
      expires: new Date('2030-01-01'),
    })
    expect(decode({ maxAge: 1e12 }, base).maxAge).toBe(400 * 86_400_000)
    expect(decode({ maxAge: 'soon', expires: 'never' }, base)).toEqual(base)
  })

  test('a lifetime that an older package changed in our record is read', () => {
    const record = JSON.parse(encodeCookie(base, base))
    expect(decode(record, makeCookie(base, { maxAge: 5 })).maxAge).toBe(5)
    expect(decode({ ...record, maxAge: 7 }, makeCookie(base, { maxAge: 5 })).maxAge).toBe(7)
    expect(decode({ ...record, maxAge: null }, base).maxAge).toBe(null)
    for (const none of [undefined, null, 7, 'x']) expect(decode(none, base)).toEqual(base)
  })
})
