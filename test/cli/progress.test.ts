import { describe, expect, test } from 'vitest'
import { Progress } from '../../src/cli/progress.js'

function progress(options: { expected?: number; done?: number; isTTY?: boolean }) {
  const printed: string[] = []
  let time = 1000
  const out = { isTTY: options.isTTY ?? true, write: (text: string) => printed.push(text) > 0 }
  const shown = new Progress({
    expected: options.expected,
    done: options.done ?? 0,
    out,
    now: () => time,
  })
  const show = (done: number, elapsed: number) => {
    time = 1000 + elapsed
    shown.show(done)
    return printed.at(-1)?.replace('\r\x1b[K', '')
  }
  return { show, printed, shown }
}

describe('the number of sessions is known', () => {
  test('it shows a bar, the rate and the time left', () => {
    const { show } = progress({ expected: 2000 })
    const bar = `[${'#'.repeat(15)}${'-'.repeat(15)}]`
    expect(show(1000, 2000)).toBe(`${bar} 50 % 1,000 of 2,000 sessions, 500 a second, 2 s left`)
  })

  test('what an earlier run did does not count for the rate', () => {
    expect(progress({ expected: 2000, done: 1000 }).show(1500, 10_000)).toMatch(
      /75 % 1,500 of 2,000 sessions, 50 a second, 10 s left$/,
    )
  })

  test.each([
    [3000, '50 min left'],
    [59.5, '1 min left'],
    [7500, '2 h 5 min left'],
  ])('%d s left', (seconds, text) => {
    expect(progress({ expected: 10 + 10 * seconds }).show(10, 1000)).toContain(text)
  })

  test('more sessions than were counted: no time left', () => {
    expect(progress({ expected: 10 }).show(20, 1000)).toMatch(
      /100 % 20 of 10 sessions, 20 a second$/,
    )
  })
})

test('without the number it shows the count and the rate', () => {
  expect(progress({}).show(1000, 500)).toBe('1,000 sessions, 2,000 a second')
})

test('at the first moment there is no rate', () => {
  expect(progress({ expected: 10 }).show(0, 0)).toMatch(/ 0 % 0 of 10 sessions$/)
})

test('a file or a pipe gets at most one line a second', () => {
  const { show, printed, shown } = progress({ isTTY: false })
  show(1, 0)
  show(2, 999)
  show(3, 1000)
  shown.end()
  expect(printed).toEqual(['1 sessions\n', '3 sessions, 3 a second\n'])
})
