import { expect, test } from 'vitest'
import { changedLines } from '../../src/cli/changed-lines.js'

test.each<[string, string, string[]]>([
  ['a\nb\nc', 'a\nx\nc', ['   2 - b', '     + x']],
  ['a\nb', 'b', ['   1 - a']],
  ['a', 'a\nb', ['     + b']],
  ['a\na', 'a', ['   2 - a']],
  [
    'a\nb\nc\nd\ne',
    'a\nB\nc\nD\nE\ne',
    ['   2 - b', '     + B', '   4 - d', '     + D', '     + E'],
  ],
  ['same', 'same', []],
])('%j to %j', (before, after, lines) => {
  expect(changedLines(before, after)).toBe(lines.join('\n'))
})

test('a long file with one change is compared at once', () => {
  const lines = Array.from({ length: 100_000 }, (_, at) => `line ${at}`)
  const changed = lines.with(50_000, 'another')
  expect(changedLines(lines.join('\n'), changed.join('\n'))).toBe(
    '50001 - line 50000\n     + another',
  )
})
