import { describe, expect, test } from 'vitest'
import { duration } from '../../src/util/duration.js'

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

  test('lie between two bounds, which the error names', () => {
    const hundredYears = 100 * 365 * 86_400_000
    expect(duration('ttl', hundredYears)).toBe(hundredYears)
    expect(() => duration('ttl', hundredYears + 1)).toThrow(
      `ttl must be a number of milliseconds, above 0 to ${hundredYears}`,
    )
    expect(duration('recheck', 100, { least: 100, most: 200 })).toBe(100)
    expect(() => duration('recheck', 99, { least: 100, most: 200 })).toThrow('from 100 to 200')
    expect(() => duration('tombstone', -1, { zero: true, most: 200 })).toThrow('from 0 to 200')
    expect(() => duration('recheck', '150', { least: 100 })).toThrow('recheck must be')
  })
})
