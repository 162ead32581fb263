import { beforeEach, describe, expect, test } from 'vitest'
import { copy, preview } from '../../src/cli/copy.js'
import { bar } from '../../src/cli/progress.js'
import { openGiven } from '../../src/cli/stores.js'
import { MemoryStore } from '../../src/index.js'
import { inTransit, isMoved, movedMark, tombstone } from '../../src/record/tombstone.js'
import { migrating } from '../../src/stores/migrating/store.js'
import { FaultyStore, ManualClock } from '../../src/testing.js'
import { OlderRows } from '../conformance/rows.js'

const [A, B] = ['{"a":1}', '{"b":1}']
const clock = new ManualClock()
const { now } = clock
const expiresAt = now() + 3_600_000

let from: MemoryStore
let to: MemoryStore
let held: FaultyStore
beforeEach(() => {
  from = new MemoryStore({ now })
  to = new MemoryStore({ now })
  held = new FaultyStore(to)
  from.create('k', A, expiresAt)
})

const go = () => copy(from, held, { key: 'k', value: A, expiresAt }, now())

/** While the copy stands between two of its steps. */
async function meet(at: 'before' | 'after', meanwhile: () => unknown) {
  const gate = held.hold('create', { at })
  const outcome = go()
  await gate.arrived
  const answer = meanwhile()
  await new Promise(setImmediate)
  gate.release()
  await answer
  return outcome
}

describe.each(['before', 'after'] as const)('%s its copy is made', (at) => {
  test('a session that ends stays ended', async () => {
    expect(await meet(at, () => from.destroy('k'))).toBe('ended')
    expect(to.load('k')).toBe(undefined)
  })

  test('a session that is logged out stays out', async () => {
    const logout = () => from.replace('k', A, tombstone(expiresAt), expiresAt)
    expect(await meet(at, logout)).toBe('ended')
    expect(to.load('k')).toBe(undefined)
  })

  test('a session that changes is copied as it is then', async () => {
    expect(await meet(at, () => from.replace('k', A, B, expiresAt))).toBe('copied')
    expect(to.load('k')).toBe(B)
  })

  test('a session that a server moves is what the server wrote', async () => {
    const server = migrating({ from, to, now })
    expect(await meet(at, () => server.replace('k', A, B, expiresAt))).toBe('there')
    expect([to.load('k'), isMoved(from.load('k'))]).toEqual([B, true])
  })

  test('a session that a server ends stays ended', async () => {
    const server = migrating({ from, to, now })
    expect(await meet(at, () => server.destroy('k'))).toBe('ended')
    expect([await server.load('k'), to.load('k')]).toEqual([undefined, undefined])
  })
})

describe('a session on its way to another key', () => {
  const transit = inTransit(B, expiresAt)
  const moveToOtherKey = () => from.replace('k', A, transit, expiresAt)

  test('is copied as it is', async () => {
    moveToOtherKey()
    const record = { key: 'k', value: transit, expiresAt }
    expect(await preview(to, record, now())).toBe('copied')
    expect(await copy(from, held, record, now())).toBe('copied')
    expect(to.load('k')).toBe(transit)
    expect(await copy(from, held, { ...record, expiresAt: now() }, now())).toBe('expired')
  })

  test.each(['before', 'after'] as const)('since %s its copy is made', async (at) => {
    expect(await meet(at, moveToOtherKey)).toBe('copied')
    expect(to.load('k')).toBe(transit)
  })
})

test('a session that changes without end is left, and said to have failed', async () => {
  let turn = 0
  const restless = { load: () => `{"turn":${turn++}}` }
  expect(await copy(restless, to, { key: 'k', value: A, expiresAt }, now())).toBe('failed')
  expect(to.load('k')).toBe(undefined)
})

test('what expired since it was read is not copied', async () => {
  expect(await copy(from, to, { key: 'k', value: A, expiresAt: now() }, now())).toBe('expired')
})

test('what a server has moved is there already', async () => {
  const record = { key: 'k', value: movedMark(1), expiresAt }
  expect(await copy(from, to, record, now())).toBe('there')
  expect(await preview(to, record, now())).toBe('there')
  expect(to.size).toBe(0)
})

test('what had moved away comes back', async () => {
  to.create('k', movedMark(1), expiresAt)
  const record = { key: 'k', value: A, expiresAt }
  expect(await preview(to, record, now())).toBe('copied')
  expect(await go()).toBe('copied')
  expect(to.load('k')).toBe(A)
})

test('a bar is never fuller than full, and needs to know how many there are', () => {
  expect(bar(1234, undefined)).toBe('1,234 sessions')
  expect(bar(1, 2)).toBe(`[${'#'.repeat(15)}${'-'.repeat(15)}] 50 % 1 of 2 sessions`)
  expect(bar(3, 2)).toBe(`[${'#'.repeat(30)}] 100 % 3 of 2 sessions`)
})

test('another run extends a copy that a store of get, set and destroy spells in its own way', async () => {
  const rows = new OlderRows(Date.now)
  const older = openGiven(rows, 'config').store
  const until = Date.now() + 3_600_000
  const record = { key: 'k', value: '{"a":1.0,"2":3}', expiresAt: until }
  const source = { load: () => record.value }
  expect(await copy(source, older, record, Date.now())).toBe('copied')
  const later = { ...record, expiresAt: 2 * until }
  expect(await copy(source, older, later, Date.now())).toBe('there')
  expect(rows.rows.get('k')?.expiresAt).toBeGreaterThan(until + 1000)
})
