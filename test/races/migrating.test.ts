import { beforeEach, describe, expect, test } from 'vitest'
import { copy } from '../../src/cli/copy.js'
import { MemoryStore, type SessionStore } from '../../src/index.js'
import { inTransit, isMoved, movedMark, tombstone } from '../../src/record/tombstone.js'
import { migrating } from '../../src/stores/migrating/store.js'
import { FaultyStore, ManualClock } from '../../src/testing.js'
import { OlderRows } from '../conformance/rows.js'

const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((data) => `{"data":"${data}","cookie":{}}`) as [
  string,
  string,
  string,
  string,
]
const HOUR = 3_600_000
const MINUTE = 60_000
const OK = { ok: true }

let clock: ManualClock
let from: MemoryStore
let to: MemoryStore
/** Two servers that migrate; the first one's stores can be held. */
let slow: { from: FaultyStore; to: FaultyStore; store: SessionStore }
let other: SessionStore
let later: number

beforeEach(() => {
  clock = new ManualClock()
  const { now } = clock
  from = new MemoryStore({ now })
  to = new MemoryStore({ now })
  slow = { from: new FaultyStore(from), to: new FaultyStore(to), store: undefined as never }
  slow.store = migrating({ from: slow.from, to: slow.to, now })
  other = migrating({ from, to, now })
  later = clock.now() + HOUR
  from.create('k', A, later)
})

const deadline = (store: MemoryStore) => store.scan('k').records[0]?.expiresAt

describe('a session that begins in from', () => {
  test('is read there, and stays there', async () => {
    expect(await other.load('k')).toBe(A)
    expect([from.load('k'), to.load('k')]).toEqual([A, undefined])
  })

  test('is touched there', async () => {
    expect(await other.load('k', later + 5)).toBe(A)
    expect(deadline(from)).toBe(later + 5)
    expect(await other.touch('k', later + 9)).toBe(true)
    expect(deadline(from)).toBe(later + 9)
    expect(to.size).toBe(0)
  })

  test('moves on its first write, with the deadline of that write', async () => {
    expect(await other.replace('k', A, B, later + 7)).toEqual(OK)
    expect([to.load('k'), deadline(to)]).toEqual([B, later + 7])
    expect(await other.load('k')).toBe(B)
    // Servers that know only the old store read no session, and make none.
    expect(isMoved(from.load('k'))).toBe(true)
    expect(JSON.parse(from.load('k') ?? '')).toBe(0)
  })

  test('is touched where it went', async () => {
    await other.replace('k', A, B, later)
    expect(await other.load('k', later + 5)).toBe(B)
    expect(await other.touch('k', later + 9)).toBe(true)
    expect(deadline(to)).toBe(later + 9)
    expect(await other.touch('k', clock.now())).toBe(true)
    expect(await other.load('k')).toBe(undefined)
  })

  test('that ends is ended there: its tombstone bars servers old and new', async () => {
    const until = clock.now() + 10_000
    to.create('k', A, later)
    const ended = tombstone(until)
    expect(await other.replace('k', A, ended, until)).toEqual(OK)
    expect([from.load('k'), to.load('k')]).toEqual([ended, undefined])
    expect(await other.load('k')).toBe(ended)
    expect(await other.create('k', B, later)).toBe(false)
  })

  test('stays where it is when it is written as it was', async () => {
    expect(await other.replace('k', A, A, later + 7)).toEqual(OK)
    expect([from.load('k'), deadline(from), to.size]).toEqual([A, later + 7, 0])
  })

  test('takes over what the tool has copied', async () => {
    to.create('k', A, later)
    expect(await other.load('k')).toBe(A)
    expect(await other.replace('k', A, B, later + 7)).toEqual(OK)
    expect([await other.load('k'), deadline(to)]).toEqual([B, later + 7])
  })

  test('counts, and not an older copy of it', async () => {
    to.create('k', B, later)
    expect(await other.load('k')).toBe(A)
    expect(await other.replace('k', B, C, later)).toEqual({ ok: false, current: A })
    expect(await other.replace('k', A, C, later)).toEqual(OK)
    expect(await other.load('k')).toBe(C)
  })

  test('is destroyed in both', async () => {
    to.create('k', A, later)
    expect(await other.destroy('k')).toBe(true)
    expect([from.load('k'), to.load('k'), await other.destroy('k')]).toEqual([
      undefined,
      undefined,
      false,
    ])
  })

  test('is ended by a touch to a moment that has passed, and its copy as well', async () => {
    to.create('k', A, later)
    expect(await other.load('k', clock.now())).toBe(A)
    expect(await other.load('k')).toBe(undefined)
  })

  test('is destroyed after it moved, once', async () => {
    await other.replace('k', A, B, later)
    expect([await other.destroy('k'), await other.destroy('k')]).toEqual([true, false])
    expect(await other.load('k')).toBe(undefined)
  })

  test('while nothing moves, is written where it is; what moved is written there', async () => {
    const still = migrating({ from, to, now: clock.now, move: false })
    expect(await still.replace('k', A, B, later)).toEqual(OK)
    expect([from.load('k'), to.size]).toEqual([B, 0])
    expect(await still.create('new', A, later)).toBe(true)
    expect([from.load('new'), to.size]).toEqual([A, 0])
    await other.replace('k', B, C, later)
    expect(await still.load('k')).toBe(C)
    expect(await still.replace('k', C, D, later)).toEqual(OK)
    expect(to.load('k')).toBe(D)
    to.create('only there', A, later)
    expect(await still.create('only there', B, later)).toBe(false)
  })
})

test('and back again: a session moves over the mark that it left', async () => {
  await other.replace('k', A, B, later)
  const back = new FaultyStore(from)
  const store = migrating({ from: to, to: back, now: clock.now })
  expect(await store.load('k')).toBe(B)
  expect(await store.replace('k', B, C, later + 1)).toEqual(OK)
  expect([from.load('k'), deadline(from), isMoved(to.load('k'))]).toEqual([C, later + 1, true])
  // At once: no other move is under way.
  expect(back.calls.filter(({ method }) => method === 'create')).toHaveLength(1)
})

describe('a session that has moved goes to another key', () => {
  test('from where it is', async () => {
    await other.replace('k', A, B, later)
    const transit = inTransit(C, later)
    expect(await other.replace('k', B, transit, later)).toEqual(OK)
    expect([isMoved(from.load('k')), await other.load('k')]).toEqual([true, transit])
    expect(await other.replace('k', transit, movedMark(1), later)).toEqual(OK)
    expect([from.load('k'), await other.load('k')]).toEqual([movedMark(1), movedMark(1)])
  })

  test('not after it ended, though only one of the stores answered', async () => {
    await other.replace('k', A, B, later)
    slow.from.fail('replace')
    const until = clock.now() + 10_000
    const logout = slow.store.replace('k', B, tombstone(until), until)
    await expect(logout).rejects.toThrow('planned failure')
    clock.advance(10_001)
    const move = other.replace('k', B, inTransit(C, later), later)
    expect(await move).toEqual({ ok: false, current: undefined })
    expect(await other.load('k')).toBe(undefined)
  })
})

test('a scan tells what is in either, and no marks', async () => {
  for (const key of ['k1', 'k2', 'k3']) from.create(key, A, later)
  to.create('k4', B, later)
  await other.replace('k2', A, C, later)
  const found = new Map<string, string>()
  let cursor: string | undefined
  do {
    const page = await other.scan?.('k', cursor, 1)
    for (const { key, value } of page?.records ?? []) found.set(key, value)
    cursor = page?.cursor
  } while (cursor !== undefined)
  expect(Object.fromEntries(found)).toEqual({ k: A, k1: A, k2: C, k3: A, k4: B })
})

test('there is no scan where one of them has none', () => {
  const older = migrating({ from: new OlderRows(clock.now), to, now: clock.now })
  expect(older.scan).toBe(undefined)
})

/** The steps of a move where it can be overtaken, and whether `from` has given the session up by then. */
const STEPS = [
  ['before it looks', 'from', 'load', 'before', false],
  ['before it copies', 'to', 'create', 'before', false],
  ['after it copied', 'to', 'create', 'after', false],
  ['before it gives up from', 'from', 'replace', 'before', false],
  ['after it gave up from', 'from', 'replace', 'after', true],
  ['before it lasts', 'to', 'replace', 'before', true],
  ['after it lasts', 'to', 'replace', 'after', true],
] as const

describe.each(STEPS)('a move that is held %s', (_name, side, method, at, moved) => {
  async function meet<T>(meanwhile: () => T) {
    const gate = slow[side].hold(method, { at })
    const move = slow.store.replace('k', A, B, later)
    await gate.arrived
    const answer = meanwhile()
    // Another move waits for this one; it gets its turn before and after.
    await new Promise(setImmediate)
    gate.release()
    return { move: await move, meanwhile: await answer }
  }

  test('destroy on a server that migrates wins', async () => {
    const { meanwhile } = await meet(() => other.destroy('k'))
    expect(meanwhile).toBe(true)
    expect([await other.load('k'), to.load('k')]).toEqual([undefined, undefined])
  })

  test('a logout on a server that migrates wins', async () => {
    const until = clock.now() + 10_000
    const ended = tombstone(until)
    const logout = async () => {
      let expected = A
      for (;;) {
        const answer = await other.replace('k', expected, ended, until)
        if (answer.ok || answer.current === undefined) return
        expected = answer.current
      }
    }
    await meet(logout)
    expect([undefined, ended]).toContain(await other.load('k'))
    clock.advance(10_000)
    expect([await other.load('k'), to.load('k')]).toEqual([undefined, undefined])
  })

  test('a logout on a server that knows only from wins, while it is there', async () => {
    const until = clock.now() + 10_000
    const { move, meanwhile } = await meet(() => from.replace('k', A, tombstone(until), until))
    expect(meanwhile.ok).toBe(!moved)
    expect(move.ok).toBe(moved)
    if (moved) return
    clock.advance(10_000)
    expect([await other.load('k'), to.load('k')]).toEqual([undefined, undefined])
  })

  test('destroy on a server that knows only from wins, while it is there', async () => {
    if (moved) return
    await meet(() => from.destroy('k'))
    expect([await other.load('k'), to.load('k')]).toEqual([undefined, undefined])
  })

  test('and what others made of the copy ends with it', async () => {
    if (moved) return
    await meet(async () => {
      from.destroy('k')
      await other.replace('k', B, C, later)
    })
    expect([await other.load('k'), to.load('k')]).toEqual([undefined, undefined])
  })

  test('a write on a server that knows only from is not lost, while it is there', async () => {
    const { move, meanwhile } = await meet(() => from.replace('k', A, C, later))
    expect(meanwhile.ok).toBe(!moved)
    expect(move).toEqual(moved ? OK : { ok: false, current: C })
    expect(await other.load('k')).toBe(moved ? B : C)
  })

  test('of two moves one writes, and the other returns its value', async () => {
    const { move, meanwhile } = await meet(() => other.replace('k', A, C, later))
    expect([move.ok, meanwhile.ok].filter(Boolean)).toHaveLength(1)
    const [won, lost] = move.ok ? [B, meanwhile] : [C, move]
    expect(lost).toEqual({ ok: false, current: won })
    // Whose copy stands is waited for.
    if (at === 'after' || method === 'replace') expect(move.ok).toBe(true)
    expect([await other.load('k'), deadline(to)]).toEqual([won, later])
  })

  test('readers see what was, or what is', async () => {
    const { meanwhile } = await meet(() => other.load('k', later + 1))
    expect(meanwhile).toBe(moved ? B : A)
    expect(await other.load('k')).toBe(B)
  })

  test('the next write goes on from it', async () => {
    const { meanwhile } = await meet(async () => {
      const seen = (await other.load('k')) ?? ''
      return { seen, answer: await other.replace('k', seen, D, later) }
    })
    if (meanwhile.answer.ok) expect(await other.load('k')).toBe(D)
    else expect(await other.load('k')).toBe(B)
  })

  test.each(['connection lost', 'killed'])('%s: it is what it was, or has moved', async (how) => {
    const gate = slow[side].hold(method, { at })
    const move = Promise.resolve(slow.store.replace('k', A, B, later))
    await gate.arrived
    if (how === 'connection lost') {
      gate.fail()
      await expect(move).rejects.toThrow()
      expect([A, B]).toContain(await other.load('k'))
      expect(deadline(isMoved(from.load('k')) ? to : from)).toBe(later)
      return
    }
    // It never comes back. Before it gave up from, nothing of it may outlast a minute.
    expect(await other.load('k')).toBe(moved ? B : A)
    if (!moved) from.destroy('k')
    clock.advance(MINUTE)
    expect(await other.load('k')).toBe(moved ? B : undefined)
  })
})

/** Waits until a retry in the background is done. */
const settled = () => expect.poll(() => deadline(to), { timeout: 5000 }).toBe(later)

/** A move whose new store is down from its last step on, in a process that lives. */
async function loseNewStore(): Promise<void> {
  const gate = slow.to.hold('replace', { where: ({ args: [expected] }) => expected === B })
  const move = Promise.resolve(slow.store.replace('k', A, B, later))
  await gate.arrived
  slow.to.down()
  gate.release()
  await expect(move).rejects.toThrow()
  expect(deadline(to)).toBe(clock.now() + MINUTE)
}

describe('the new store dies at the last step of a move', () => {
  beforeEach(loseNewStore)

  test('and is back: the copy gets its deadline without a request', async () => {
    slow.to.up()
    await settled()
    clock.advance(MINUTE)
    expect(await other.load('k')).toBe(B)
  })

  test('and is back after the copy expired: the copy is written again', async () => {
    clock.advance(MINUTE)
    expect(to.load('k')).toBe(undefined)
    slow.to.up()
    await settled()
    expect(await other.load('k')).toBe(B)
  })

  test.each<[string, () => unknown]>([
    ['a logout', () => other.replace('k', B, tombstone(later), clock.now() + 5000)],
    ['destroy', () => other.destroy('k')],
    ['destroy on a server that knows only from', () => from.destroy('k')],
    ['an end by touch', () => other.load('k', clock.now())],
  ])('and %s comes after the copy expired: the session stays ended', async (_name, end) => {
    clock.advance(MINUTE)
    await end()
    const looked = slow.from.hold('load', { at: 'after' })
    slow.to.up()
    await looked.arrived
    looked.release()
    clock.advance(10_000)
    // What the retry does next takes no longer than some turns of the event loop.
    for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate)
    expect([await other.load('k'), to.load('k')]).toEqual([undefined, undefined])
  })

  test.each<[string, () => unknown]>([
    ['reads it', () => other.load('k')],
    ['touches it', () => other.touch('k', later)],
    ['reads and touches it', () => other.load('k', later)],
    ['tries to write an older value', () => other.replace('k', A, C, later)],
    ['reads it while nothing moves', () => still().load('k')],
  ])('and a request that %s gives the copy its deadline', async (_name, request) => {
    await request()
    expect([to.load('k'), deadline(to)]).toEqual([B, later])
    clock.advance(MINUTE)
    expect(await other.load('k')).toBe(B)
  })

  test('and a write sets its own deadline, which stays', async () => {
    expect(await other.replace('k', B, C, later - 5)).toEqual(OK)
    expect(await other.load('k')).toBe(C)
    slow.to.up()
    await other.load('k')
    expect([to.load('k'), deadline(to)]).toEqual([C, later - 5])
  })

  test('and the command gives the copy its deadline', async () => {
    const [record] = from.scan('k').records
    if (record) expect(await copy(from, to, record, clock.now())).toBe('there')
    expect([to.load('k'), deadline(to)]).toEqual([B, later])
  })

  const still = () => migrating({ from, to, now: clock.now, move: false })
})

test('an ordinary read of a session that has moved takes two calls, its move five', async () => {
  const calls = () =>
    [...slow.from.calls.splice(0), ...slow.to.calls.splice(0)].map(({ method }) => method)
  await slow.store.replace('k', A, B, later)
  expect(calls()).toEqual(['load', 'replace', 'replace', 'create', 'replace'])
  await slow.store.load('k')
  expect(calls()).toEqual(['load', 'load'])
  await slow.store.load('k', later + 1)
  expect(calls()).toEqual(['load', 'load'])
  await slow.store.replace('k', B, C, later)
  expect(calls()).toEqual(['load', 'replace'])
})

test('a refused copy that a request took for the session ends with the session', async () => {
  const marking = slow.from.hold('replace')
  const move = slow.store.replace('k', A, B, later)
  await marking.arrived
  // Servers that know only from: one writes, so that the move is refused, and then one ends it.
  from.replace('k', A, C, later)
  const withdrawal = slow.to.hold('replace')
  marking.release()
  await withdrawal.arrived
  from.destroy('k')
  // A request that loaded the session before meets the copy.
  expect(await other.replace('k', C, D, later)).toEqual({ ok: false, current: B })
  expect(await other.replace('k', B, D, later)).toEqual(OK)
  withdrawal.release()
  expect((await move).ok).toBe(false)
  expect([await other.load('k'), to.load('k')]).toEqual([undefined, undefined])
})

test('a move that died is taken over by the next one, after a second', async () => {
  const gate = slow.from.hold('replace')
  void slow.store.replace('k', A, B, later)
  await gate.arrived
  expect(await other.replace('k', A, C, later)).toEqual(OK)
  expect([await other.load('k'), deadline(to)]).toEqual([C, later])
  gate.release()
  await new Promise(setImmediate)
  expect(await other.load('k')).toBe(C)
})

test('of a slow move and the one that took it over, what was acknowledged stands', async () => {
  const gate = slow.from.hold('replace')
  const move = slow.store.replace('k', A, B, later)
  await gate.arrived
  const second = { from: new FaultyStore(from) }
  const taken = second.from.hold('replace')
  const takeover = migrating({ from: second.from, to, now: clock.now }).replace('k', A, C, later)
  await taken.arrived
  gate.release()
  expect(await move).toEqual(OK)
  taken.release()
  expect(await takeover).toEqual({ ok: false, current: B })
  expect([await other.load('k'), deadline(to)]).toEqual([B, later])
})

test('a move whose answer got lost, and that takes effect late, loses no session', async () => {
  const gate = slow.from.hold('replace')
  const move = Promise.resolve(slow.store.replace('k', A, B, later))
  await gate.arrived
  gate.fail()
  await expect(move).rejects.toThrow()
  expect(await other.load('k')).toBe(A)
  // A server may carry out a command after its client gave up.
  from.replace('k', A, movedMark(1), later)
  expect(await other.load('k')).toBe(B)
})

test('connect and disconnect: it is there while both are', () => {
  const heard: string[] = []
  const [connect, disconnect] = [() => heard.push('up'), () => heard.push('down')]
  slow.to.down()
  slow.store.on?.('connect', connect)
  slow.store.on?.('disconnect', disconnect)
  slow.from.down()
  slow.to.up()
  expect(heard.splice(0)).toEqual(['down'])
  slow.from.up()
  slow.from.down()
  expect(heard.splice(0)).toEqual(['up', 'down'])
  slow.store.off?.('connect', connect)
  slow.store.off?.('disconnect', disconnect)
  slow.from.up()
  expect(heard).toEqual([])
})

test('a store of get, set and destroy is one to move from', async () => {
  const older = new OlderRows(clock.now)
  const store = migrating({ from: older, to, now: clock.now })
  await older.set('k', JSON.parse(A), HOUR)
  expect(await store.load('k')).toBe(A)
  expect(await store.replace('k', A, B, later)).toEqual(OK)
  expect([await store.load('k'), older.rows.size, to.load('k')]).toEqual([B, 0, B])
})

test.each([
  [{}, 'ERR_SESSION_STORE_CONTRACT', /^from needs/],
  [{ from: new MemoryStore() }, 'ERR_SESSION_STORE_CONTRACT', /^to needs/],
  [{ from: new MemoryStore(), to: new MemoryStore(), moves: 1 }, 'ERR_SESSION_OPTION', /"moves"/],
  [{ from: new MemoryStore(), to: new MemoryStore(), move: 1 }, 'ERR_SESSION_OPTION', /move must/],
])('options %#: refused', (options, code, message) => {
  expect(() => migrating(options as never)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  )
})

test('a store is not moved to itself', () => {
  expect(() => migrating({ from, to: from })).toThrow(
    expect.objectContaining({ code: 'ERR_SESSION_OPTION' }),
  )
})
