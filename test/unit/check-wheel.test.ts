import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CheckWheel } from '../../src/connections/check-wheel.js'

const PERIOD = 30_000

/** Turns the wheel until a time, at the moments that it names. Returns when each item was due. */
function turn<T>(wheel: CheckWheel<T>, until: number): Map<T, number[]> {
  const times = new Map<T, number[]>()
  for (let at = wheel.next; at !== undefined && at <= until; at = wheel.next)
    for (const item of wheel.due(at)) times.set(item, [...(times.get(item) ?? []), at])
  return times
}

test('each item is due once in every period, the first time within one', () => {
  const wheel = new CheckWheel<number>(PERIOD)
  for (let item = 0; item < 250; item++) wheel.add(item, 1000)
  const times = turn(wheel, 1000 + 3 * PERIOD)
  expect(times.size).toBe(250)
  for (const [first = 0, ...others] of times.values()) {
    expect(first - 1000).toBeGreaterThan(0)
    expect(first - 1000).toBeLessThanOrEqual(PERIOD)
    expect(others[0]).toBe(first + PERIOD)
    expect(others).toHaveLength(2)
  }
})

test('10,000 items that are added at once are spread evenly', () => {
  const wheel = new CheckWheel<number>(PERIOD)
  for (let item = 0; item < 10_000; item++) wheel.add(item, 0)
  const turns: number[] = []
  for (let at = wheel.next; at !== undefined && at <= PERIOD; at = wheel.next)
    turns.push(wheel.due(at).length)
  expect(turns).toHaveLength(100)
  expect(Math.max(...turns) - Math.min(...turns)).toBeLessThanOrEqual(4)
})

test('an item that was deleted is not due', () => {
  const wheel = new CheckWheel<string>(PERIOD)
  wheel.add('a', 0)
  wheel.add('b', 0)
  wheel.delete('a')
  expect(wheel.items).toEqual(['b'])
  expect([...turn(wheel, PERIOD).keys()]).toEqual(['b'])
  wheel.delete('b')
  expect([wheel.next, wheel.size]).toEqual([undefined, 0])
})

test('after a pause each item is due once, and none twice', () => {
  const wheel = new CheckWheel<number>(PERIOD)
  for (let item = 0; item < 300; item++) wheel.add(item, 0)
  expect(wheel.due(10 * PERIOD).sort((one, other) => one - other)).toEqual(
    Array.from({ length: 300 }, (_, at) => at),
  )
  expect(wheel.due(10 * PERIOD)).toEqual([])
})

test('no item ever waits longer than a period, whatever is added, deleted and delayed', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), after: fc.nat(PERIOD) }),
    fc.record({ kind: fc.constant('delete' as const), after: fc.nat(PERIOD) }),
    fc.record({ kind: fc.constant('turn' as const), after: fc.nat(PERIOD) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const wheel = new CheckWheel<number>(PERIOD)
      const seen = new Map<number, number>()
      let [now, count] = [0, 0]
      const turnUntil = (until: number) => {
        for (let at = wheel.next; at !== undefined && at <= until; at = wheel.next)
          for (const item of wheel.due(at)) {
            expect(at - (seen.get(item) ?? Number.NaN)).toBeLessThanOrEqual(PERIOD + 1e-6)
            seen.set(item, at)
          }
        for (const at of seen.values()) expect(until - at).toBeLessThanOrEqual(PERIOD + 1e-6)
      }
      for (const { kind, after } of steps) {
        now += after
        turnUntil(now)
        if (kind === 'add') {
          wheel.add(count, now)
          seen.set(count++, now)
        }
        const [first] = wheel.items
        if (kind === 'delete' && first !== undefined) {
          wheel.delete(first)
          seen.delete(first)
        }
      }
    }),
    { numRuns: Number(process.env.FC_RUNS ?? 200) },
  )
})
