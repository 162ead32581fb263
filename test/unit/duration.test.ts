import { describe, expect, test } from 'vitest'
import { makeCookie, SessionCookie } from '../../src/cookie/attributes.js'
import { duration, timeToLive as lifetime, type Ttl } from '../../src/util/duration.js'

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

  test('fractions are rounded up, and zero is accepted only with the option zero', () => {
    expect(duration('ttl', 0.1)).toBe(1)
    expect(duration('tombstone', 0, { zero: true })).toBe(0)
  })

  test('timeToLive takes ttl, then expires, then maxAge, then one day', () => {
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
