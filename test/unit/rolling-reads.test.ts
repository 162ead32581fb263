import { expect, test } from 'vitest'
import { RollingReads } from '../../src/session/rolling-reads.js'

test('a read that is undone returns the deadline before it, and later reads extend nothing', () => {
  const reads = new RollingReads(100)
  reads.note('a', 5)
  const read = reads.begin('a', 105)
  expect([reads.ms, reads.undo(read), reads.ms]).toEqual([100, 5, undefined])
})

test('a deadline that this process does not know is not put back', () => {
  const reads = new RollingReads(100)
  expect(reads.undo(reads.begin('a', 105))).toBe(undefined)
})

test('a read is not undone where another request has extended the session since', () => {
  const reads = new RollingReads(100)
  reads.note('a', 5)
  const read = reads.begin('a', 105)
  reads.begin('a', 106)
  expect(reads.undo(read)).toBe(undefined)
})

test('two reads that are both undone put back the deadline before both', () => {
  const reads = new RollingReads(100)
  reads.note('a', 5)
  const [one, other] = [reads.begin('a', 105), reads.begin('a', 106)]
  expect([reads.undo(one), reads.undo(other)]).toEqual([undefined, 5])
})

test('it knows the deadlines of a thousand sessions', () => {
  const reads = new RollingReads(100)
  for (let count = 0; count <= 1000; count++) reads.note(`id-${count}`, count)
  const [gone, kept] = [reads.begin('id-0', 105), reads.begin('id-2', 105)]
  expect([gone.before, kept.before]).toEqual([undefined, 2])
})
