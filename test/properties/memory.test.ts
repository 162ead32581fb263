import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'

const MAX = 4
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f']
const VALUES = ['0', '1', '2']

/** The same in the plainest way: rows in the order of use, the oldest first. */
class Model {
  rows: { key: string; value: string; until: number }[] = []
  now = 1000

  find(key: string) {
    return this.rows.find((row) => row.key === key && row.until > this.now)
  }
  use(key: string, value: string, until: number): void {
    this.rows = this.rows.filter((row) => row.key !== key)
    if (until > this.now) this.rows.push({ key, value, until })
  }
}

const key = fc.constantFrom(...KEYS)
const value = fc.constantFrom(...VALUES)
const life = fc.integer({ min: -20, max: 400 })
const loaded = fc.record({
  call: fc.constant('load' as const),
  key,
  life: fc.option(life, { nil: undefined, freq: 1 }),
})
const created = fc.record({ call: fc.constant('create' as const), key, value, life })
const rest = fc.oneof(
  fc.record({ call: fc.constant('replace' as const), key, expected: value, value, life }),
  fc.record({ call: fc.constant('touch' as const), key, life }),
  fc.record({ call: fc.constant('destroy' as const), key }),
  fc.record({ call: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 10 }) }),
)
// Full most of the time, or nothing is ever evicted.
const step = fc.oneof(
  { arbitrary: created, weight: 4 },
  { arbitrary: loaded, weight: 3 },
  { arbitrary: rest, weight: 2 },
)

test('any calls in any order answer as a list of rows would, with the least recently used one gone', () => {
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const model = new Model()
    const store = new MemoryStore({ max: MAX, now: () => model.now })
    // Expired rows go at some time, and until then they take room: which one is evicted is open then.
    const crowded = () =>
      model.rows.length >= MAX && model.rows.some((row) => row.until <= model.now)
    for (const one of steps) {
      if (one.call === 'wait') {
        model.now += one.ms
        continue
      }
      const row = model.find(one.key)
      if (one.call === 'load') {
        const until = one.life === undefined ? undefined : model.now + one.life
        expect(store.load(one.key, until)).toBe(row?.value)
        if (row) model.use(row.key, row.value, until ?? row.until)
      } else if (one.call === 'create') {
        if (!row && crowded()) return
        expect(store.create(one.key, one.value, model.now + one.life)).toBe(!row)
        if (!row) {
          model.use(one.key, one.value, model.now + one.life)
          if (model.rows.length > MAX) model.rows.shift()
        }
      } else if (one.call === 'replace') {
        const ok = row?.value === one.expected
        const answer = store.replace(one.key, one.expected, one.value, model.now + one.life)
        expect(answer).toEqual(ok ? { ok } : { ok, current: row?.value })
        if (ok) model.use(one.key, one.value, model.now + one.life)
      } else if (one.call === 'touch') {
        expect(store.touch(one.key, model.now + one.life)).toBe(row !== undefined)
        if (row) model.use(row.key, row.value, model.now + one.life)
      } else {
        expect(store.destroy(one.key)).toBe(row !== undefined)
        model.rows = model.rows.filter((other) => other.key !== one.key)
      }
      expect(store.size).toBeLessThanOrEqual(MAX)
      const live = model.rows.filter((other) => other.until > model.now)
      const page = store.scan('', undefined, 100)
      const told = page.records.map((record) => record.key).sort()
      expect(told).toEqual(live.map((other) => other.key).sort())
    }
  })
  fc.assert(property, { numRuns: 2000 })
})
