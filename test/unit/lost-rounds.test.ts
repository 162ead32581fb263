import { expect, test } from 'vitest'
import { waitAfterLoss } from '../../src/util/lost-rounds.js'

test('a second lost round is followed by a random wait, which grows to four milliseconds', () => {
  const longest = (lost: number) =>
    Math.max(...Array.from({ length: 1000 }, () => waitAfterLoss(lost)))
  expect([longest(0), longest(1)]).toEqual([0, 0])
  for (const [lost, most] of [
    [2, 1],
    [3, 2],
    [4, 4],
    [255, 4],
  ] as const) {
    expect(longest(lost)).toBeLessThan(most)
    expect(longest(lost)).toBeGreaterThan(most / 2)
  }
})
