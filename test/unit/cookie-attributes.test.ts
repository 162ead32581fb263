import { describe, expect, test } from 'vitest'
import { makeCookie, SessionCookie } from '../../src/cookie/attributes.js'
import { serializeAttributes } from '../../src/cookie/set-cookie.js'

describe('cookie attributes', () => {
  const base = makeCookie(new SessionCookie(), { maxAge: 1000, domain: 'a.example' })

  test('are serialized with the bytes of Koa’s cookies', () => {
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

  test('maxage and maxAge are one attribute, as are rewrite and overwrite', () => {
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
})
