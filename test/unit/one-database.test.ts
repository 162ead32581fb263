import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { tombstone } from '../../src/record/tombstone.js'
import type { LegacyStore, SessionStore } from '../../src/stores/contract.js'
import { MemoryStore } from '../../src/stores/memory/store.js'
import { migrating } from '../../src/stores/migrating/store.js'

const RECORD = '{"user":"ada","cookie":{"own":[]}}'
const NEXT = '{"user":"grace","cookie":{"own":[]}}'
const later = () => Date.now() + 60_000

let emitWarning: MockInstance<typeof process.emitWarning>
beforeEach(() => {
  emitWarning = vi.spyOn(process, 'emitWarning').mockReturnValue()
})
afterEach(() => {
  vi.restoreAllMocks()
})

const codes = () =>
  emitWarning.mock.calls.map(([, details]) => Reflect.get(Object(details), 'code'))

/** Another store object on the data of a store. */
function strong(data: MemoryStore): SessionStore {
  return {
    load: (key, touch) => data.load(key, touch),
    create: (key, value, expiresAt) => data.create(key, value, expiresAt),
    replace: (key, expected, value, expiresAt) => data.replace(key, expected, value, expiresAt),
    touch: (key, expiresAt) => data.touch(key, expiresAt),
    destroy: (key) => data.destroy(key),
  }
}

/** A store of get, set and destroy on the data of a store, which spells records in its own way. */
function weak(data: MemoryStore): LegacyStore {
  return {
    get: (sid) => data.get(sid),
    set: (sid, session, ttl) => data.set(sid, { ...session, v: 1 }, ttl),
    destroy: (sid) => data.destroy(sid),
  }
}

describe.each<[string, (data: MemoryStore) => SessionStore | LegacyStore]>([
  ['a second store of the same kind', strong],
  ['a store of get, set and destroy', weak],
])('migrating from %s to the same database', (_name, open) => {
  function start() {
    const data = new MemoryStore()
    return { data, store: migrating({ from: open(data), to: data }) }
  }

  test('keeps a session at its first write, and all others', async () => {
    const { data, store } = start()
    data.create('one', RECORD, later())
    data.create('other', RECORD, later())
    for (const key of ['one', 'other']) {
      expect(await store.load(key)).toBe(RECORD)
      expect(await store.replace(key, RECORD, NEXT, later())).toEqual({ ok: true })
      expect(await store.load(key)).toBe(NEXT)
      expect(data.load(key)).toBe(NEXT)
    }
    expect(await store.create('new', RECORD, later())).toBe(true)
    expect(await store.touch('new', later())).toBe(true)
    expect(await store.replace('new', 'x', NEXT, later())).toEqual({ ok: false, current: RECORD })
    expect(await store.destroy('new')).toBe(true)
    expect(codes()).toEqual(['KOA_SESS_ONE_DATABASE'])
  })

  test('leaves nothing else behind', async () => {
    const { data, store } = start()
    data.create('one', RECORD, later())
    await store.replace('one', RECORD, NEXT, later())
    expect(data.size).toBe(1)
  })
})

test('migrating from one database to itself: a tombstone stays', async () => {
  const data = new MemoryStore()
  const store = migrating({ from: strong(data), to: data })
  data.create('one', RECORD, later())
  const own = tombstone(later())
  expect(await store.replace('one', RECORD, own, later())).toEqual({ ok: true })
  expect(data.load('one')).toBe(own)
})

test('a copy that a tool made is no sign of one database', async () => {
  const [from, to] = [new MemoryStore(), new MemoryStore()]
  const store = migrating({ from, to })
  for (const each of [from, to]) each.create('one', RECORD, later())
  expect(await store.replace('one', RECORD, NEXT, later())).toEqual({ ok: true })
  expect([await store.load('one'), to.load('one')]).toEqual([NEXT, NEXT])
  expect(from.load('one')).not.toBe(RECORD)
  expect([to.size, codes()]).toEqual([1, []])
})
