import { EventEmitter } from 'node:events'
import Keyv from 'keyv'
import { createStorage } from 'unstorage'
import { describe, expect, test, vi } from 'vitest'
import {
  type ExpressStoreLike,
  fromContextStore,
  fromExpressStore,
  fromKeyv,
  fromUnstorage,
  type UnstorageLike,
} from '../../src/adapters.js'
import { parseRecord } from '../../src/record/format.js'
import { adaptLegacy } from '../../src/stores/legacy/adapter.js'
import { withContext } from '../../src/util/current-context.js'

const SID = 'koa:sess:aSessionIdThatNobodyMaySee'
const RECORD = '{"note":"a secret note","cookie":{"path":"/","maxAge":null,"own":[]}}'
const later = () => Date.now() + 60_000

type Table = Map<string, string>

/** A store in the manner of express-session, and what a test wants to be different. */
function express(overrides: Partial<ExpressStoreLike> = {}, table: Table = new Map()) {
  const store: ExpressStoreLike = {
    get: (sid, done) => done(null, JSON.parse(table.get(sid) ?? 'null')),
    set(sid, session, done) {
      table.set(sid, JSON.stringify(session))
      done()
    },
    destroy(sid, done) {
      table.delete(sid)
      done()
    },
    ...overrides,
  }
  return { store, table, adapted: adaptLegacy(fromExpressStore(store), Date.now) }
}

async function failure(work: unknown): Promise<Error> {
  const error = await Promise.resolve(work).then(
    () => new Error('It did not fail'),
    (reason: unknown) => reason,
  )
  if (error instanceof Error) return error
  throw new Error('It threw something that is no error')
}

/** All that could come into a log of an error. */
const shown = (error: Error) =>
  `${error.message} ${error.stack} ${JSON.stringify(error, Object.getOwnPropertyNames(error))}`

describe('fromContextStore', () => {
  const table = new Map<string, string>()
  let made = 0

  class ContextStore {
    constructor(readonly ctx: { tenant: string }) {
      made++
    }
    async get(key: string) {
      return JSON.parse(table.get(`${this.ctx.tenant}:${key}`) ?? 'null')
    }
    async set(key: string, session: object, _maxAge: number, { ctx }: { ctx: object | undefined }) {
      expect(ctx).toBe(this.ctx)
      table.set(`${this.ctx.tenant}:${key}`, JSON.stringify(session))
    }
    async destroy(key: string) {
      table.delete(`${this.ctx.tenant}:${key}`)
    }
  }

  test('constructs the class once for each context, and calls it as koa-session does', async () => {
    const adapted = adaptLegacy(fromContextStore(ContextStore), Date.now)
    const [one, other] = [{ tenant: 'one' }, { tenant: 'other' }]
    await withContext(one, async () => {
      await adapted.create(SID, RECORD, later())
      expect(await adapted.load(SID)).toBe(RECORD)
    })
    expect(made).toBe(1)
    expect([...table.keys()]).toEqual([`one:${SID}`])
    expect(await withContext(other, () => adapted.load(SID))).toBeUndefined()
    expect(await withContext(one, () => adapted.destroy(SID))).toBe(true)
    expect(made).toBe(2)
  })

  test('outside of a request it fails, and says why', async () => {
    const adapted = adaptLegacy(fromContextStore(ContextStore), Date.now)
    expect(await failure(adapted.load(SID))).toMatchObject({ code: 'ERR_SESSION_CONTEXT' })
  })

  test.each([
    { get() {}, set() {}, destroy() {} },
    class {},
    () => undefined,
    null,
  ])('%j is refused', (value) => {
    const make = () => fromContextStore(value as unknown as typeof ContextStore)
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SESSION_STORE_CONTRACT' }))
  })
})

describe('fromExpressStore', () => {
  test('hands over a cookie that ends when the session is to end', async () => {
    const set = vi.fn<ExpressStoreLike['set']>((_sid, _session, done) => done())
    const { adapted } = express({ set })
    const deadline = later()
    await adapted.create(SID, RECORD, deadline)
    const cookie = Object(set.mock.calls[0]?.[1].cookie)
    expect(Math.abs(cookie.expires.getTime() - deadline)).toBeLessThan(1000)
    expect(cookie.maxAge).toBe(cookie.originalMaxAge)
    expect(cookie.maxAge).toBeGreaterThan(59_000)
    expect(JSON.parse(JSON.stringify(cookie))).not.toHaveProperty('maxAge')
    expect(cookie.path).toBe('/')
  })

  test('gives back the record as it was, whatever the store added', async () => {
    const { adapted, table } = express()
    await adapted.create(SID, RECORD, later())
    const stored = JSON.parse(table.get(SID) ?? '')
    table.set(SID, JSON.stringify({ ...stored, __lastAccess: 1 }))
    expect(await adapted.load(SID)).toBe(RECORD)
    const get: ExpressStoreLike['get'] = (_sid, done) =>
      done(null, { ...stored, lastModified: new Date() })
    expect(await express({ get }).adapted.load(SID)).toBe(RECORD)
  })

  test('a record without a cookie stays without one', async () => {
    const { adapted } = express()
    const sealed = '{"sealed":"AAAA"}'
    await adapted.create(SID, sealed, later())
    expect(await adapted.load(SID)).toBe(sealed)
  })

  test('takes over what express-session wrote: data, and how long it lasts', async () => {
    const { adapted, table } = express()
    const cookie = { originalMaxAge: 5000, expires: new Date(), httpOnly: true, path: '/' }
    table.set(SID, JSON.stringify({ cookie, user: 'ada', __lastAccess: 1 }))
    expect(await adapted.load(SID)).toBe('{"user":"ada","cookie":{"maxAge":5000}}')
    const end = '2100-01-01T00:00:00.000Z'
    table.set(SID, JSON.stringify({ cookie: { originalMaxAge: null, expires: end } }))
    expect(await adapted.load(SID)).toBe(`{"cookie":{"maxAge":null,"expires":"${end}"}}`)
    table.set(SID, JSON.stringify({ cookie: { originalMaxAge: null, expires: null } }))
    expect(await adapted.load(SID)).toBe('{"cookie":{"maxAge":null,"expires":null}}')
  })

  test('takes no key of express-session for a lifetime of koa-session', async () => {
    const { adapted, table } = express()
    const cookie = { originalMaxAge: 5000, expires: new Date(), httpOnly: true, path: '/' }
    table.set(SID, JSON.stringify({ cookie, _expire: 1, _maxAge: 2, _session: true }))
    const record = parseRecord((await adapted.load(SID)) ?? '')
    expect(record?.data).toEqual({ _expire: 1, _maxAge: 2, _session: true })
  })

  test('extends by touch where there is one, and does not write the data again', async () => {
    const touch = vi.fn<NonNullable<ExpressStoreLike['touch']>>((_sid, _session, done) => done())
    const { adapted, store } = express({ touch })
    const set = vi.spyOn(store, 'set')
    await adapted.create(SID, RECORD, later())
    expect(await adapted.touch(SID, later())).toBe(true)
    expect(await adapted.load(SID, later())).toBe(RECORD)
    expect([touch.mock.calls.length, set.mock.calls.length]).toEqual([2, 1])
    expect(await adapted.touch(SID, Date.now() - 1)).toBe(true)
    expect(await adapted.load(SID)).toBeUndefined()
    expect(touch).toHaveBeenCalledTimes(2)
  })

  test('extends what express-session wrote, and loses nothing of it', async () => {
    const table: Table = new Map()
    // As express-session's MemoryStore, memorystore and session-file-store do it.
    const touch: ExpressStoreLike['touch'] = (sid, { cookie }, done) => {
      table.set(sid, JSON.stringify({ ...JSON.parse(table.get(sid) ?? ''), cookie }))
      done()
    }
    const { adapted } = express({ touch }, table)
    const cookie = { originalMaxAge: 5000, expires: new Date(), path: '/' }
    table.set(SID, JSON.stringify({ first: 1, cookie, user: 'ada', __lastAccess: 1 }))
    const record = '{"first":1,"user":"ada","cookie":{"maxAge":5000}}'
    expect(await adapted.load(SID, later())).toBe(record)
    expect(await adapted.load(SID)).toBe(record)
  })

  test.each<[string, NonNullable<ExpressStoreLike['touch']>]>([
    ['an error', (_sid, _session, done) => done(new Error('Unable to find the session to touch'))],
    ['a throw', () => Promise.reject(new Error('no such session'))],
    ['the value false', (_sid, _session, done) => Reflect.apply(done, undefined, [null, false])],
  ])('a touch that says by %s that the session is gone is no failure', async (_how, touch) => {
    const { adapted, table } = express({ touch })
    await adapted.create(SID, RECORD, later())
    const { store } = express({}, table)
    const taken = adaptLegacy(
      fromExpressStore({
        ...store,
        touch(sid, session, done) {
          table.delete(sid)
          return touch(sid, session, done)
        },
      }),
      Date.now,
    )
    expect(await taken.load(SID, later())).toBeUndefined()
    await adapted.create(SID, RECORD, later())
    expect(await taken.touch(SID, later())).toBe(false)
  })

  test('a touch that fails while the session is there is a failure', async () => {
    const touch: ExpressStoreLike['touch'] = (_sid, _session, done) => done(new Error('down'))
    const { adapted } = express({ touch })
    await adapted.create(SID, RECORD, later())
    expect(await failure(adapted.touch(SID, later()))).toMatchObject({ message: 'down' })
  })

  test.each([undefined, null, false, '', 0])('%j is no session', async (nothing) => {
    const { adapted } = express({ get: (_sid, done) => done(null, nothing) })
    expect(await adapted.load(SID)).toBeUndefined()
  })

  test('a file that is not there is no session; a server that is not there is a failure', async () => {
    const fail = (fields: object) =>
      express({ get: (_sid, done) => done(Object.assign(new Error('no'), fields)) }).adapted
    expect(await fail({ code: 'ENOENT', syscall: 'open' }).load(SID)).toBeUndefined()
    const get = () => {
      throw Object.assign(new Error('no'), { code: 'ENOENT', syscall: 'open' })
    }
    const sync = { get, set() {}, destroy() {} }
    expect(await adaptLegacy(sync, Date.now).load(SID)).toBeUndefined()
    const refused = fail({ code: 'ENOENT', syscall: 'connect' })
    expect(await failure(refused.load(SID))).toMatchObject({ code: 'ENOENT' })
  })

  test('every way to fail is a failure', async () => {
    const ways: ((done: (error: unknown) => void) => unknown)[] = [
      (done) => done(new Error('down')),
      () => {
        throw new Error('down')
      },
      () => Promise.reject(new Error('down')),
      async (done) => done(new Error('down')),
    ]
    for (const fail of ways) {
      const { store, adapted } = express()
      await adapted.create(SID, RECORD, later())
      store.set = (_sid, _session, done) => fail(done)
      expect(await failure(adapted.touch(SID, later()))).toMatchObject({ message: 'down' })
      store.destroy = (_sid, done) => fail(done)
      expect(await failure(adapted.destroy(SID))).toMatchObject({ message: 'down' })
      store.get = (_sid, done) => fail(done)
      expect(await failure(adapted.load(SID))).toMatchObject({ message: 'down' })
    }
  })

  test('a promise that comes before the callback is no answer', async () => {
    const get: ExpressStoreLike['get'] = async (_sid, done) => {
      setImmediate(() => done(null, JSON.parse(RECORD)))
    }
    expect(await express({ get }).adapted.load(SID)).toBeDefined()
  })

  test('X2: no failure tells an id or data', async () => {
    const errors = [
      new Error(`ENOENT: no such file, open '/var/sessions/${SID}.json'`),
      new Error(`EIO: '/var/sessions/${SID.replaceAll(':', '/')}'`),
      new Error(`GET https://kv/${encodeURIComponent(SID)}`),
      new Error(`no such row: ${SID.split(':').pop()}`),
      Object.assign(new Error('bad'), { sql: `INSERT '${SID}', '${RECORD}'`, path: SID }),
      new Error(`ERR unknown command 'x', with args beginning with: '${SID}' '${RECORD}'`),
      (() => {
        try {
          return JSON.parse('{"note": a secret note')
        } catch (error) {
          return error
        }
      })(),
    ]
    for (const error of errors) {
      const { adapted } = express({ get: (_sid, done) => done(error) })
      const told = shown(await failure(adapted.load(SID)))
      expect(told).not.toContain('aSessionIdThatNobodyMaySee')
      expect(told).not.toContain('secret')
    }
  })

  test('passes on the news of the connection', () => {
    const emitter = new EventEmitter()
    const { store } = express({
      on: (event, listener) => emitter.on(event, listener),
      removeListener: (event, listener) => emitter.removeListener(event, listener),
    })
    const adapter = fromExpressStore(store)
    const heard = vi.fn()
    adapter.on?.('disconnect', heard)
    emitter.emit('disconnect')
    adapter.off?.('disconnect', heard)
    emitter.emit('disconnect')
    expect(heard).toHaveBeenCalledTimes(1)
    expect(() => fromExpressStore(express().store).on?.('connect', heard)).not.toThrow()
  })

  test('refuses what is no store', () => {
    class Store {
      get() {}
      set() {}
      destroy() {}
    }
    for (const wrong of [undefined, null, {}, Store, { get() {} }])
      expect(() => Reflect.apply(fromExpressStore, undefined, [wrong])).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_STORE_CONTRACT' }),
      )
  })
})

/** A backend of Keyv's that fails on demand, in the two ways that there are. */
class Backend extends EventEmitter {
  opts = {}
  mode: 'well' | 'throws' | 'tells' = 'well'
  readonly table = new Map<string, string>()

  #fail<T>(nothing: T): T {
    const error = new Error(`cannot reach the server for keyv:${SID}`)
    if (this.mode === 'throws') throw error
    this.emit('error', error)
    return nothing
  }
  async get(key: string) {
    return this.mode === 'well' ? this.table.get(key) : this.#fail(undefined)
  }
  async set(key: string, value: string) {
    if (this.mode !== 'well') return this.#fail(false)
    this.table.set(key, value)
    return true
  }
  async delete(key: string) {
    return this.mode === 'well' ? this.table.delete(key) : this.#fail(false)
  }
  async clear() {}
}

describe('fromKeyv', () => {
  test.each(['throws', 'tells'] as const)('X1: a backend that %s fails the call', async (mode) => {
    const backend = new Backend()
    const store = adaptLegacy(fromKeyv(new Keyv({ store: backend, throwOnErrors: true })), Date.now)
    await store.create(SID, RECORD, later())
    backend.mode = mode
    const calls = [
      () => store.load(SID),
      () => store.create(SID, RECORD, later()),
      () => store.destroy(SID),
    ]
    for (const call of calls) {
      const error = await failure(call())
      expect(error.message).toMatch(/cannot reach/)
      expect(shown(error)).not.toContain('aSessionIdThatNobodyMaySee')
    }
    backend.mode = 'well'
    expect(await store.load(SID)).toBe(RECORD)
  })

  test('a value that was not set is a failure', async () => {
    const backend = new Backend()
    backend.set = async () => false
    const store = fromKeyv(new Keyv({ store: backend, throwOnErrors: true }))
    await expect(
      store.set(SID, {}, 1000, { ctx: undefined, changed: true, rolling: false }),
    ).rejects.toThrow('did not set')
  })

  test('the deadline holds to the millisecond, whatever the backend keeps', async () => {
    const keyv = new Keyv({ throwOnErrors: true })
    const store = adaptLegacy(fromKeyv(keyv), Date.now)
    await keyv.set(SID, `${Date.now() - 1}:${RECORD}`)
    expect(await store.load(SID)).toBeUndefined()
    await keyv.set(SID, JSON.parse(RECORD))
    expect(await store.load(SID)).toBe(RECORD)
  })

  test('refuses a Keyv that swallows errors, and what is none', () => {
    const silent = [
      new Keyv(),
      new Keyv({ throwOnErrors: false }),
      new Keyv({ throwOnErrors: true, emitErrors: false }),
    ]
    for (const keyv of silent)
      expect(() => fromKeyv(keyv)).toThrow(
        expect.objectContaining({
          code: 'ERR_SESSION_CLIENT',
          message: expect.stringContaining('throwOnErrors: true'),
        }),
      )
    for (const wrong of [undefined, null, new Map()])
      expect(() => Reflect.apply(fromKeyv, undefined, [wrong])).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_CLIENT' }),
      )
  })
})

describe('fromUnstorage', () => {
  test('X1: an error that a driver returns is a failure', async () => {
    const error = Object.assign(new Error('EACCES'), { code: 'EACCES' })
    const storage: UnstorageLike = {
      getItem: async () => error,
      setItem: async () => undefined,
      removeItem: async () => undefined,
    }
    const store = adaptLegacy(fromUnstorage(storage), Date.now)
    expect(await failure(store.load(SID))).toMatchObject({ code: 'EACCES' })
  })

  test('a session that was not removed is a failure', async () => {
    const storage: UnstorageLike = {
      getItem: async () => `${later()}:${RECORD}`,
      setItem: async () => undefined,
      removeItem: async () => undefined,
    }
    const store = adaptLegacy(fromUnstorage(storage), Date.now)
    expect(await failure(store.destroy(SID))).toMatchObject({ message: /did not remove/ })
  })

  test('no two keys meet, and none is refused', async () => {
    const store = adaptLegacy(fromUnstorage(createStorage()), Date.now)
    const keys = [
      'a:b',
      'a::b',
      ':a:b',
      'a:b:',
      'a/b',
      'a\\b',
      'a?b',
      'a?c',
      'a',
      'a$',
      'a%3Fb',
      'é',
    ]
    for (const key of keys)
      expect(await store.create(key, `{"key":${JSON.stringify(key)}}`, later()), key).toBe(true)
    for (const key of keys) expect(await store.load(key)).toBe(`{"key":${JSON.stringify(key)}}`)
  })

  test('refuses what is no storage', () => {
    for (const wrong of [undefined, null, {}, new Map()])
      expect(() => Reflect.apply(fromUnstorage, undefined, [wrong])).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_CLIENT' }),
      )
  })
})
