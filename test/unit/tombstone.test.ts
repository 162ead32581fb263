import { expect, test } from 'vitest'
import {
  inTransit,
  isEnded,
  isMoved,
  isTombstone,
  movedMark,
  tombstone,
  tombstoneUntil,
  valueInTransit,
} from '../../src/record/tombstone.js'

test('a tombstone is a JSON number that is 0, with its deadline in the exponent', () => {
  const value = tombstone(1_763_840_123_456.2)
  expect(tombstoneUntil(value)).toBe(1_763_840_123_457)
  expect(JSON.parse(value)).toBe(0)
  for (const other of ['0', '0e', '{"a":"0e5"}', '0e5 ', '0e-5', '1e5', '-1e-5', '1e-'])
    expect(tombstoneUntil(other)).toBe(undefined)
})

test('no two tombstones are the same', () => {
  expect(new Set(Array.from({ length: 100 }, () => tombstone(5))).size).toBe(100)
})

test('a tombstone of koa-sess 1.0 is one', () => {
  expect(tombstoneUntil('0e1763840123457')).toBe(1_763_840_123_457)
  expect(isEnded('0e1763840123457')).toBe(true)
})

test('the mark of a move is a tombstone', () => {
  const mark = movedMark(7)
  expect(isMoved(mark)).toBe(true)
  expect(isTombstone(mark)).toBe(true)
  expect(isMoved(tombstone(5))).toBe(false)
})

test('a value in transit is a tombstone to any other reader, and comes back as it was', () => {
  for (const value of ['{"a":"é €"}', '{"sealed":"x.y"}', '{}']) {
    const transit = inTransit(value, 1_763_840_123_456.2)
    expect(valueInTransit(transit)).toEqual({ value, until: 1_763_840_123_457 })
    expect(JSON.parse(transit)).toBe(0)
    expect(isTombstone(transit)).toBe(true)
    expect(tombstoneUntil(transit)).toBe(1_763_840_123_457)
    expect(isEnded(transit)).toBe(false)
  }
  expect(isEnded(tombstone(5))).toBe(true)
  expect(valueInTransit(tombstone(1_763_840_123_456))).toBe(undefined)
})
