import { describe, expect, it } from 'vitest'
import { checkpointOf, epochOf } from '../../src/users/checkpoint.js'
import { keptInfo } from '../../src/users/info.js'
import {
  EMPTY_LIST,
  enlist,
  isListed,
  type Limit,
  type Listing,
  parseList,
  revoke,
  type UserList,
  withoutDead,
  withoutEnded,
} from '../../src/users/user-list.js'

const NONE: ReadonlySet<string> = new Set()

const login = (key: string, rest: Partial<Listing> = {}): Listing => ({
  key,
  now: 1000,
  expiresAt: 2000,
  info: undefined,
  isLogin: true,
  ...rest,
})

function listed(list: UserList, listing: Listing, limit?: Limit): UserList {
  const verdict = enlist(list, listing, limit, limit && NONE)
  if (typeof verdict === 'string') throw new Error(verdict)
  return verdict.list
}

const keys = (entries: UserList['live']) => entries.map(({ key }) => key)
const of = (...names: string[]) =>
  names.reduce((list, name, at) => listed(list, login(name, { now: 1000 + at })), EMPTY_LIST)

describe('a login', () => {
  it('is listed last, and its list is kept for twice its lifetime', () => {
    const list = listed(of('a', 'b'), login('c', { now: 5000, expiresAt: 6000, info: 'phone' }))
    expect(keys(list.live)).toEqual(['a', 'b', 'c'])
    expect(list.live[2]).toEqual({ key: 'c', createdAt: 5000, seenAt: 5000, info: 'phone' })
    expect(list.until).toBe(7000)
  })

  it('does not shorten the life of the list', () => {
    const long = listed(EMPTY_LIST, login('a', { expiresAt: 100_000 }))
    expect(listed(long, login('b')).until).toBe(long.until)
  })

  it('is refused at another epoch', () => {
    const list = revoke(of('a'), { ends: () => true, isAll: true, until: 0 })
    expect(enlist(list, login('b', { checkpoint: 0 }), undefined, NONE)).toBe('revoked')
    expect(enlist(list, login('b', { checkpoint: Number.NaN }), undefined, NONE)).toBe('revoked')
    expect(keys(listed(list, login('b', { checkpoint: 1 })).live)).toEqual(['b'])
  })

  it('above max asks first which sessions have ended', () => {
    const limit = { max: 2, refuses: false }
    expect(enlist(of('a', 'b'), login('c'), limit, undefined)).toBe('check')
    const verdict = enlist(of('a', 'b'), login('c', { now: 2000 }), limit, new Set(['b']))
    expect(verdict).toMatchObject({ ended: 0, list: { live: [{ key: 'a' }, { key: 'c' }] } })
  })

  it('above max ends the oldest, or is refused', () => {
    const list = listed(of('a', 'b', 'c'), login('d', { now: 2000 }), { max: 2, refuses: false })
    expect([keys(list.live), keys(list.ending)]).toEqual([
      ['c', 'd'],
      ['a', 'b'],
    ])
    expect(enlist(of('a', 'b'), login('c'), { max: 2, refuses: true }, NONE)).toBe('limit')
  })

  it('under an id that is listed meets no limit, and counts as a new login', () => {
    const list = listed(of('a', 'b'), login('a', { now: 2000 }), { max: 2, refuses: true })
    expect(keys(list.live)).toEqual(['b', 'a'])
    expect(list.live[1]?.createdAt).toBe(2000)
  })

  it('checks a long list now and then', () => {
    const long = of(...Array.from({ length: 16 }, (_, at) => `s${at}`))
    expect(enlist(long, login('new'), undefined, undefined)).toBe('check')
    const after = enlist(long, login('new'), undefined, NONE)
    expect(after).toMatchObject({ list: { checkAt: 32 } })
  })
})

describe('a session of the user', () => {
  const next = login('b', { old: 'a', now: 3000, isLogin: false, info: 'now' })

  it('that gets another id stays listed until it ends, and counts once', () => {
    const before = listed(EMPTY_LIST, login('a', { info: 'then' }))
    const list = listed(before, next, { max: 1, refuses: true })
    expect(list.live).toMatchObject([
      { key: 'a' },
      { key: 'b', createdAt: 1000, seenAt: 3000, info: 'then' },
    ])
    const limit = { max: 2, refuses: true }
    expect(enlist(list, login('c'), limit, undefined)).toBe('check')
    expect(enlist(list, login('c'), limit, new Set(['a']))).toMatchObject({ ended: 0 })
    // The end of the old session failed: it is used on.
    expect(enlist(list, login('c'), limit, NONE)).toBe('limit')
  })

  it('that was missing is listed above any limit', () => {
    const missing = login('c', { isLogin: false })
    expect(keys(listed(of('a', 'b'), missing, { max: 2, refuses: true }).live)).toContain('c')
  })

  it('is renewed once an eighth of its lifetime has passed', () => {
    const at = (now: number) => login('a', { now, expiresAt: now + 800, isLogin: false })
    expect(isListed(of('a'), at(1099))).toBe(true)
    expect(isListed(of('a'), at(1100))).toBe(false)
    expect(isListed(of('b'), at(1000))).toBe(false)
  })
})

describe('a revocation', () => {
  it('moves entries to those that are being ended, and raises the epoch for all', () => {
    const one = revoke(of('a', 'b'), { ends: ({ key }) => key === 'a', isAll: false, until: 0 })
    expect([one.epoch, keys(one.live), keys(one.ending)]).toEqual([0, ['b'], ['a']])
    const all = revoke(one, { ends: () => true, isAll: true, until: 9e9 })
    expect([all.epoch, all.until, keys(all.ending)]).toEqual([1, 9e9, ['a', 'b']])
  })

  it('clears what was ended, and not what was listed again since', () => {
    const { ending } = revoke(of('a', 'b'), { ends: () => true, isAll: true, until: 0 })
    const again = revoke(listed(EMPTY_LIST, login('a', { now: 7000 })), {
      ends: () => true,
      isAll: true,
      until: 0,
    })
    expect(withoutEnded({ ...EMPTY_LIST, ending }, ending.slice(0, 1)).ending).toHaveLength(1)
    expect(withoutEnded(again, ending)).toBe(again)
  })
})

it('a list without entries that ended is checked again when it has doubled', () => {
  const live = Array.from({ length: 20 }, (_, at) => ({ key: `s${at}`, createdAt: 0, seenAt: 0 }))
  const list = withoutDead({ ...EMPTY_LIST, live }, new Set(['s0']))
  expect([list.live.length, list.checkAt]).toEqual([19, 38])
})

it.each([
  undefined,
  null,
  1,
  [],
  {},
  { live: 1, ending: [{ key: 1 }, null] },
  { epoch: 'x' },
])('a record of %j is an empty list', (value) => {
  expect(parseList(value)).toEqual(EMPTY_LIST)
})

it('a list that is written is read as it was', () => {
  const list = revoke(of('a', 'b'), { ends: ({ key }) => key === 'a', isAll: true, until: 5 })
  expect(parseList(JSON.parse(JSON.stringify(list)))).toEqual(list)
})

it('a checkpoint fits its user alone', () => {
  const [ada, bob] = [`koa:sess:&${'a'.repeat(43)}`, `koa:sess:&${'b'.repeat(43)}`]
  expect(epochOf(ada, checkpointOf(ada, 7))).toBe(7)
  for (const text of [checkpointOf(bob, 7), '', 'a', `${'a'.repeat(12)}.`, `${'a'.repeat(12)}.-1`])
    expect(epochOf(ada, text)).toBe(Number.NaN)
})

it('info is kept as JSON of at most 1 KB, with texts shortened', () => {
  expect(keptInfo(undefined)).toBe(undefined)
  expect(keptInfo({ agent: 'x', at: new Date(0) })).toEqual({
    agent: 'x',
    at: '1970-01-01T00:00:00.000Z',
  })
  expect(keptInfo({ agent: 'x'.repeat(2000) })).toEqual({ agent: 'x'.repeat(256) })
  const six = keptInfo(Array.from({ length: 6 }, () => 'x'.repeat(2000)))
  expect(six).toEqual(Array.from({ length: 6 }, () => 'x'.repeat(64)))
  expect(() => keptInfo(Array.from({ length: 99 }, () => 'x'.repeat(99)))).toThrow(
    expect.objectContaining({ code: 'ERR_SESSION_SIZE' }),
  )
  expect(() => keptInfo(1n)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_DATA' }))
})

it('a deadline that no store takes is rounded up, or left out', () => {
  const untilOf = (until: unknown) => parseList({ until }).until
  expect([1000.5, 1e300, -1e300, Number.POSITIVE_INFINITY, '1000'].map(untilOf)).toEqual([
    1001, 0, 0, 0, 0,
  ])
})
