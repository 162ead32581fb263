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
})
