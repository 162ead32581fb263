import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { KeyMove } from '../../src/record/key-move.js'
import { replaceByTombstone } from '../../src/record/revoke.js'
import { StoreGuard } from '../../src/record/store-guard.js'
import { RecordTable } from '../../src/record/table.js'
import { isEnded, isMoved, valueInTransit } from '../../src/record/tombstone.js'
import { FaultyStore } from '../../src/testing.js'

const HOUR = 3_600_000
const START = 1_700_000_000_000

function setUp() {
  let time = START
  const now = () => time
  const memory = new MemoryStore({ now })
  const store = new FaultyStore(memory)
  const move = new KeyMove(new RecordTable(store, new StoreGuard(store, 0)), now)
  memory.create('bare', 'before', time + HOUR)
  const begin = () => move.begin({ key: 'bare', raw: 'before' }, 'after', time + HOUR)
  const settle = (transit: string) => move.settle('bare', 'hash', transit)
  const pass = (ms: number) => {
    time += ms
  }
  const end = async (key: string) => {
    const raw = memory.load(key)
    if (raw !== undefined && !isEnded(raw))
      await replaceByTombstone(memory, key, raw, { ttl: 10_000, now })
  }
  return { memory, store, move, begin, settle, pass, end }
}

async function begun(set: ReturnType<typeof setUp>): Promise<string> {
  const answer = await set.begin()
  if (!answer.ok) throw new Error('the move did not begin')
  return answer.transit
}

describe('a session that moves to another key', () => {
  test('has moved from the first step on, and is at the new key after the last', async () => {
    const set = setUp()
    const transit = await begun(set)
    expect(valueInTransit(set.memory.load('bare') ?? '')?.value).toBe('after')
    expect(await set.settle(transit)).toBe('after')
    expect(set.memory.load('hash')).toBe('after')
    expect(isMoved(set.memory.load('bare'))).toBe(true)
    set.pass(HOUR - 1)
    expect(set.memory.load('hash')).toBe('after')
  })

  test('is settled by any number of readers', async () => {
    const set = setUp()
    const transit = await begun(set)
    expect(await Promise.all([set.settle(transit), set.settle(transit)])).toEqual([
      'after',
      'after',
    ])
    expect(await set.settle(transit)).toBe('after')
  })

  test.each([
    'create',
    'load',
    'replace',
  ] as const)('survives a crash at each step, and the next reader settles it (%s)', async (method) => {
    for (const at of ['before', 'after'] as const) {
      const set = setUp()
      const transit = await begun(set)
      const fault = set.store.fail(method, { at })
      await set.settle(transit).catch(() => undefined)
      expect(fault.hits).toBe(1)
      // Longer than a copy lives whose move is not completed.
      set.pass(61_000)
      const raw = set.memory.load('bare')
      if (raw !== undefined && valueInTransit(raw)) expect(await set.settle(raw)).toBe('after')
      expect(set.memory.load('hash')).toBe('after')
    }
  })

  test('does not come back when it ended while a slow reader settles it', async () => {
    for (const method of ['create', 'replace'] as const) {
      const set = setUp()
      const transit = await begun(set)
      const hold = set.store.hold(method, { at: 'before' })
      const slow = set.settle(transit)
      await hold.arrived
      await set.end('bare')
      await set.end('hash')
      // Until no tombstone is stored any more.
      set.pass(11_000)
      hold.release()
      const there = await slow
      expect(there === undefined || isEnded(there)).toBe(true)
      expect(set.memory.load('hash')).toBe(undefined)
    }
  })

  test('is not begun over what another request wrote', async () => {
    const set = setUp()
    set.memory.replace('bare', 'before', 'theirs', START + HOUR)
    expect(await set.begin()).toEqual({ ok: false, current: 'theirs' })
    expect(set.memory.load('hash')).toBe(undefined)
  })

  test('is not copied where its value is not in transit', async () => {
    const set = setUp()
    expect(await set.settle('before')).toBe(undefined)
    expect(set.memory.load('hash')).toBe(undefined)
  })

  test('has a copy that ends with the session, where that is sooner than a minute', async () => {
    const set = setUp()
    set.memory.touch('bare', START + 5000)
    const answer = await set.move.begin({ key: 'bare', raw: 'before' }, 'after', START + 5000)
    const fault = set.store.fail('load', { at: 'before' })
    await set.settle(answer.ok ? answer.transit : '').catch(() => undefined)
    expect(fault.hits).toBe(1)
    expect(set.memory.load('hash')).not.toBe(undefined)
    set.pass(5001)
    expect(set.memory.load('hash')).toBe(undefined)
  })

  test.each([
    'create',
    'load',
    'replace',
  ] as const)('reports that %s failed as a failed write', async (method) => {
    const set = setUp()
    const transit = await begun(set)
    set.store.fail(method, { at: 'before' })
    await expect(set.settle(transit)).rejects.toMatchObject({ call: 'set' })
  })

  test('leaves no copy where it ended before the copy was made', async () => {
    const set = setUp()
    const transit = await begun(set)
    const hold = set.store.hold('create', { at: 'before' })
    const slow = set.settle(transit)
    await hold.arrived
    await set.end('bare')
    hold.release()
    expect(await slow).toBe(undefined)
    expect(set.memory.load('hash')).toBe(undefined)
    const takenBack = set.store.calls.filter(
      ({ method, key }) => method === 'replace' && key === 'hash',
    )
    // With a deadline that has passed.
    expect(takenBack.map(({ args }) => args)).toEqual([[transit, '', 0]])
  })

  test('returns what another reader has made of the copy meanwhile', async () => {
    for (const [theirs, expected] of [
      ['written since', 'written since'],
      ['', undefined],
    ] as const) {
      const set = setUp()
      const transit = await begun(set)
      const last = set.store.hold('replace', { at: 'before' })
      const slow = set.settle(transit)
      await last.arrived
      const copy = set.memory.load('hash') ?? ''
      if (theirs) set.memory.replace('hash', copy, theirs, START + HOUR)
      else set.memory.destroy('hash')
      last.release()
      expect(await slow).toBe(expected)
    }
  })

  test('leaves a copy alone that another reader has completed, though it ended since', async () => {
    for (const [there, expected] of [
      ['written since', 'written since'],
      [undefined, undefined],
    ] as const) {
      const set = setUp()
      const transit = await begun(set)
      const look = set.store.hold('load', { at: 'before' })
      const slow = set.settle(transit)
      await look.arrived
      const copy = set.memory.load('hash') ?? ''
      await set.end('bare')
      set.memory.destroy('hash')
      if (there) set.memory.create('hash', there, START + HOUR)
      look.release()
      expect(copy).not.toBe('')
      expect(await slow).toBe(expected)
      expect(set.memory.load('hash')).toBe(there)
    }
  })

  test('marks the old key for ten seconds, once the copy is there', async () => {
    const set = setUp()
    const transit = await begun(set)
    set.memory.create('hash', 'theirs', START + HOUR)
    expect(await set.settle(transit)).toBe('theirs')
    expect(set.store.calls.map(({ method }) => method)).toEqual([
      ...['replace', 'create', 'load', 'replace'],
    ])
    expect(isMoved(set.memory.load('bare'))).toBe(true)
    set.pass(9999)
    expect(isMoved(set.memory.load('bare'))).toBe(true)
    set.pass(1)
    expect(set.memory.load('bare')).toBe(undefined)
  })
})
