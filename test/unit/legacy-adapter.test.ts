import { describe, expect, test } from 'vitest'
import type {
  LegacyCallOptions,
  LegacyReadOptions,
  LegacyStore,
  LegacyWriteOptions,
  StoredSession,
} from '../../src/stores/contract.js'
import { adaptLegacy } from '../../src/stores/legacy/adapter.js'
import { MemoryStore } from '../../src/stores/memory/store.js'
import { migrating } from '../../src/stores/migrating/store.js'
import { followContexts, withContext } from '../../src/util/current-context.js'
import { Gate } from '../support/gate.js'

const HOUR = 3_600_000
const RECORD = '{"user":"ada","cookie":{"path":"/","maxAge":null,"own":[]}}'
/** Sessions that such a store spells differently: it parses them, and writes them anew. */
const OTHER_SPELLINGS = [
  '{"b":1,"2":5,"cookie":{}}',
  '{"b":1.0,"cookie":{}}',
  '{ "b": { "c": [1, 2] },\n"cookie":{}}',
  '{"b":"\\u00e9","b":2,"cookie":{}}',
  '{"cookie":{"expires":"2035-01-01T00:00:00Z"}}',
]
const SEALED = '{"sealed":"AAAAAAAA.BBBB"}'

/** Stores that expire nothing: what they are given is what they return. */
const ENDLESS: [string, () => LegacyStore & { table: Map<string, unknown> }][] = [
  [
    'a Map of objects',
    () => {
      const table = new Map<string, unknown>()
      return {
        table,
        get: (sid) => table.get(sid),
        set: (sid, session) => table.set(sid, session),
        destroy: (sid) => table.delete(sid),
      }
    },
  ],
  [
    'a Map of JSON that is parsed',
    () => {
      const table = new Map<string, unknown>()
      return {
        table,
        get: async (sid) => JSON.parse(String(table.get(sid) ?? 'null')),
        set: async (sid, session) => table.set(sid, JSON.stringify(session)),
        destroy: async (sid) => table.delete(sid),
      }
    },
  ],
  [
    'a Map of JSON that is returned as text',
    () => {
      const table = new Map<string, unknown>()
      return {
        table,
        get: (sid) => table.get(sid),
        set: (sid, session) => table.set(sid, JSON.stringify(session)),
        destroy: (sid) => table.delete(sid),
      }
    },
  ],
]

describe.each(ENDLESS)('a store that expires nothing: %s', (_name, open) => {
  test.each([RECORD, SEALED, '{}', '{"cookie":{}}'])('%s ends at its deadline', async (record) => {
    let time = 0
    const { table, ...store } = open()
    const adapted = adaptLegacy(store, () => time)
    await adapted.create('key', record, HOUR)
    time = HOUR - 1
    expect(await adapted.load('key')).toBe(record)
    time = HOUR
    expect(await adapted.load('key')).toBe(undefined)
    expect(await adapted.touch('key', 2 * HOUR)).toBe(false)
    expect(await adapted.replace('key', record, RECORD, 2 * HOUR)).toEqual({
      ok: false,
      current: undefined,
    })
    expect(await adapted.create('key', record, 2 * HOUR)).toBe(true)
  })

  test('extending and writing move the deadline', async () => {
    let time = 0
    const { table, ...store } = open()
    const adapted = adaptLegacy(store, () => time)
    await adapted.create('key', RECORD, HOUR)
    await adapted.touch('key', 2 * HOUR)
    time = 2 * HOUR - 1
    expect(await adapted.load('key', 3 * HOUR)).toBe(RECORD)
    time = 3 * HOUR - 1
    const next = RECORD.replace('ada', 'grace')
    expect(await adapted.replace('key', RECORD, next, 4 * HOUR)).toEqual({ ok: true })
    time = 4 * HOUR - 1
    expect(await adapted.load('key')).toBe(next)
  })

  test('a record that another package wrote since has the lifetime of that package', async () => {
    let time = 0
    const { table, ...store } = open()
    const adapted = adaptLegacy(store, () => time)
    await adapted.create('key', RECORD, HOUR)
    const options = { ctx: undefined, changed: true, rolling: false }
    const held = await store.get('key', HOUR, { ctx: undefined, rolling: false })
    const session: StoredSession = typeof held === 'string' ? JSON.parse(held) : Object(held)
    await store.set('key', { ...session, role: 'countess' }, HOUR, options)
    time = 2 * HOUR
    expect(JSON.parse((await adapted.load('key')) ?? '')).toMatchObject({
      user: 'ada',
      role: 'countess',
    })
  })

  test.each(OTHER_SPELLINGS)('%j is expected as it was written', async (written) => {
    const { table, ...store } = open()
    const strict = adaptLegacy(store, () => 0)
    const lenient = adaptLegacy(store, () => 0, { anySpelling: true })
    await strict.create('key', written, HOUR)
    const current = await strict.load('key')
    expect(await strict.replace('key', written, RECORD, HOUR)).toEqual({ ok: false, current })
    for (const other of [RECORD, 'no JSON', '', '5e-9', '[]'])
      expect(await lenient.replace('key', other, RECORD, HOUR)).toEqual({ ok: false, current })
    expect(await lenient.replace('key', written, RECORD, HOUR)).toEqual({ ok: true })
    expect(await lenient.load('key')).toBe(RECORD)
    expect((await lenient.replace('gone', written, RECORD, HOUR)).ok).toBe(false)
  })

  test.each(OTHER_SPELLINGS)('%j moves there, and keeps its deadline', async (written) => {
    let time = 0
    const now = () => time
    const { table, ...store } = open()
    const from = new MemoryStore({ now })
    const moving = migrating({ from, to: store, now })
    from.create('key', RECORD, HOUR)
    expect(await moving.replace('key', RECORD, written, HOUR)).toEqual({ ok: true })
    time = HOUR - 1
    expect(JSON.parse((await moving.load('key')) ?? 'null')).toBeTruthy()
    time = HOUR
    expect(await moving.load('key')).toBe(undefined)
  })

  test('the object of the store is not changed', async () => {
    const { table, ...store } = open()
    const adapted = adaptLegacy(store, () => 0)
    await adapted.create('key', RECORD, HOUR)
    const before = JSON.stringify(table.get('key'))
    await adapted.load('key')
    expect(JSON.stringify(table.get('key'))).toBe(before)
  })
})

test('a store with touchSession expires by itself: its records hold no deadline', async () => {
  const seen: StoredSession[] = []
  const store: LegacyStore = {
    get: () => RECORD,
    set: (_sid, session) => seen.push(session),
    destroy: () => undefined,
    touchSession: (_sid, session) => seen.push(session),
  }
  const adapted = adaptLegacy(store, () => 0)
  await adapted.replace('key', RECORD, RECORD.replace('ada', 'grace'), HOUR)
  await adapted.touch('key', HOUR)
  expect(seen.map((session) => Object(session.cookie).deadline)).toEqual([undefined, undefined])
})

test('a touchSession that returns false means that there is no session', async () => {
  const store: LegacyStore = {
    get: () => RECORD,
    set: () => undefined,
    destroy: () => undefined,
    touchSession: async () => false,
  }
  const adapted = adaptLegacy(store, () => 0)
  expect(await adapted.touch('key', HOUR)).toBe(false)
  expect(await adapted.load('key', HOUR)).toBe(undefined)
})

describe('a store with the signature of koa-session', () => {
  type Call =
    | ['get', string, number, LegacyReadOptions]
    | ['set', string, number, LegacyWriteOptions]
    | ['destroy', string, LegacyCallOptions]

  function open(rolling = false) {
    const calls: Call[] = []
    const table = new Map<string, string>()
    const store: LegacyStore = {
      async get(sid, maxAge, options) {
        calls.push(['get', sid, maxAge, options])
        return table.get(sid)
      },
      async set(sid, session, maxAge, { changed, rolling, ctx }) {
        calls.push(['set', sid, maxAge, { changed, rolling, ctx }])
        if (changed || rolling) table.set(sid, JSON.stringify(session))
      },
      async destroy(sid, options) {
        calls.push(['destroy', sid, { ctx: options?.ctx }])
        table.delete(sid)
      },
    }
    return { calls, adapted: adaptLegacy(store, () => 0, { rolling, maxAge: HOUR }) }
  }

  test('gets the lifetime, and the options of each method with the context', async () => {
    followContexts()
    const ctx = { path: '/' }
    const { calls, adapted } = open()
    await withContext(ctx, async () => {
      await adapted.create('key', RECORD, 2 * HOUR)
      await adapted.load('key')
      await adapted.destroy('key')
    })
    expect(calls).toEqual([
      ['get', 'key', HOUR, { ctx, rolling: false }],
      ['set', 'key', 2 * HOUR, { ctx, rolling: false, changed: true }],
      ['get', 'key', HOUR, { ctx, rolling: false }],
      ['get', 'key', HOUR, { ctx, rolling: false }],
      ['destroy', 'key', { ctx }],
    ])
  })

  test('is asked to extend as koa-session asks with rolling', async () => {
    for (const rolling of [false, true]) {
      const { calls, adapted } = open(rolling)
      await adapted.create('key', RECORD, HOUR)
      calls.length = 0
      await adapted.load('key', 3 * HOUR)
      await adapted.touch('key', 3 * HOUR)
      const extend = { ctx: undefined, rolling: true, changed: false }
      expect(calls).toEqual([
        ['get', 'key', 3 * HOUR, { ctx: undefined, rolling }],
        ['set', 'key', 3 * HOUR, extend],
        ['get', 'key', HOUR, { ctx: undefined, rolling }],
        ['set', 'key', 3 * HOUR, extend],
      ])
    }
  })
})

test('a store that returns nothing while it writes has the session all the same', async () => {
  const gate = new Gate()
  let file: string | undefined
  const store = adaptLegacy(
    {
      get: async () => file,
      async set(_sid, session) {
        // As a file does between its opening and its writing.
        file = ''
        if (JSON.stringify(session).includes('grace')) await gate.pass()
        file = JSON.stringify(session)
      },
      destroy: async () => undefined,
    },
    Date.now,
  )
  await store.create('key', RECORD, Date.now() + HOUR)
  const next = RECORD.replace('ada', 'grace')
  const write = store.replace('key', RECORD, next, Date.now() + HOUR)
  await gate.arrived
  const read = store.load('key')
  gate.open()
  expect([await read, (await write).ok]).toEqual([next, true])
})
