import { expect, test } from 'vitest'
import { tombstone, tombstoneUntil } from '../../src/record/tombstone.js'

test('a tombstone is the JSON number 0 with its deadline in the exponent', () => {
  const value = tombstone(1_763_840_123_456.2)
  expect(tombstoneUntil(value)).toBe(1_763_840_123_457)
  expect(JSON.parse(value)).toBe(0)
  for (const other of ['0', '0e', '{"a":"0e5"}', '0e5 ', '0e-5'])
    expect(tombstoneUntil(other)).toBe(undefined)
})
