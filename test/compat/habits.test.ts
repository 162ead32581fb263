import { randomUUID } from 'node:crypto'
import type { Context, Middleware } from 'koa'
import koaSession, { type CreateSessionOptions } from 'koa-session'
import { afterEach, expect, test } from 'vitest'
import { fromContextStore } from '../../src/adapters.js'
import session, { type LegacyStore, MemoryStore, type SessionOptions } from '../../src/index.js'
import type { LegacyWriteOptions } from '../../src/stores/contract.js'
import type { Routes } from '../support/site.js'
import { type Deployment, deploy, type Side, type Visitor } from './deploy.js'

// What applications of koa-session do beside reading and writing ctx.session, on both packages.

const HOUR = 3_600_000
let deployment: Deployment | undefined
afterEach(async () => {
  await deployment?.close()
  expect(deployment?.errors).toEqual([])
})

async function start(sides: Record<string, Side>): Promise<Visitor> {
  deployment = await deploy(sides)
  return deployment.visitor()
}

const peer = (options: object, routes: Routes = {}): Side => ({
  session: (app) => koaSession(options as CreateSessionOptions, app),
  routes,
})
const next = (options: SessionOptions, routes: Routes = {}): Side => ({
  session: () => session({ key: 'koa.sess', prefix: '', ...options }),
  routes,
})

/** What a handler sees of a session, without the cookie that koa-session finds among the data. */
async function data(visitor: Visitor, side: string) {
  const { cookie, ...rest } = (await visitor.at(side, '/read')).json<Record<string, unknown>>()
  return rest
}

/** A store as koa-session's README shows it, on a Map: it expires nothing. */
function mapStore() {
  const table = new Map<string, object>()
  return {
    table,
    get: async (key: string) => table.get(key),
    set: async (key: string, value: object) => void table.set(key, value),
    destroy: async (key: string) => void table.delete(key),
  }
}

test('the cookie name of koa-session up to 5, koa:sess, goes on', async () => {
  const store = mapStore()
  const visitor = await start({
    old: peer({ key: 'koa:sess', store }),
    same: next({ key: 'koa:sess', store }),
    renamed: next({ key: 'koa.sess', readKeys: ['koa:sess'], store }),
  })
  await visitor.at('old', '/set?user=ada')
  expect([...visitor.browser.jar.keys()]).toContain('koa:sess')
  expect(await data(visitor, 'same')).toEqual({ user: 'ada' })
  await visitor.at('renamed', '/set?role=countess')
  expect(visitor.browser.jar.get('koa.sess')).toBeDefined()
  expect(await data(visitor, 'renamed')).toEqual({ user: 'ada', role: 'countess' })
})

test('sessions of the cookie of koa-session move to a store, by the middleware of the guide', async () => {
  const move: Middleware = async (ctx, next) => {
    const old = ctx.session.isNew ? ctx.cookies.get('koa.sess', { signed: true }) : undefined
    if (old) {
      const { _expire, _maxAge, _session, ...data } = JSON.parse(
        Buffer.from(old, 'base64').toString(),
      )
      if (!(_expire <= Date.now())) Object.assign(ctx.session, data)
      ctx.cookies.set('koa.sess', null, { signed: true })
    }
    await next()
  }
  const visitor = await start({
    old: peer({}),
    next: { session: () => session({ key: 'koa.sid' }), after: [move] },
  })
  await visitor.at('old', '/set?user=ada')
  expect(await data(visitor, 'next')).toEqual({ user: 'ada' })
  expect([...visitor.browser.jar.keys()].sort()).toEqual(['koa.sid', 'koa.sid.sig'])
  await visitor.at('next', '/set?role=countess')
  expect(await data(visitor, 'next')).toEqual({ user: 'ada', role: 'countess' })
})

test('a store with the signature of koa-session-mongoose works: it destructures its last argument', async () => {
  const table = new Map<string, object>()
  const calls: string[] = []
  class MongooseLike {
    async get(id: string) {
      return table.get(id)
    }
    async set(id: string, data: object, maxAge: number, { changed, rolling }: LegacyWriteOptions) {
      calls.push(`set ${maxAge > 0} ${changed} ${rolling}`)
      if (changed || rolling) table.set(id, structuredClone(data))
      return data
    }
    async destroy(id: string) {
      table.delete(id)
    }
  }
  const store = new MongooseLike()
  const visitor = await start({
    old: peer({ store }),
    next: next({ store }),
    rolling: next({ store, rolling: true }),
  })
  await visitor.at('next', '/set?user=ada')
  expect(await data(visitor, 'old')).toEqual({ user: 'ada' })
  await visitor.at('old', '/set?role=countess')
  expect(await data(visitor, 'next')).toEqual({ user: 'ada', role: 'countess' })
  calls.length = 0
  expect(await data(visitor, 'rolling')).toEqual({ user: 'ada', role: 'countess' })
  expect(calls[0]).toBe('set true false true')
  await visitor.at('next', '/logout')
  expect(table.size).toBe(0)
})

test('a ContextStore of koa-session serves both, with the context of each request', async () => {
  const table = new Map<string, string>()
  const paths: string[] = []
  class ContextStore {
    constructor(readonly ctx: Context) {}
    async get(key: string, _maxAge: number, { ctx }: { ctx: object | undefined }) {
      expect(ctx).toBe(this.ctx)
      return JSON.parse(table.get(`${this.ctx.host}${key}`) ?? 'null')
    }
    async set(key: string, value: object) {
      paths.push(this.ctx.path)
      table.set(`${this.ctx.host}${key}`, JSON.stringify(value))
    }
    async destroy(key: string) {
      table.delete(`${this.ctx.host}${key}`)
    }
  }
  const visitor = await start({
    old: peer({ ContextStore }),
    next: next({ store: fromContextStore(ContextStore) }),
  })
  await visitor.at('old', '/set?user=ada')
  expect(await data(visitor, 'next')).toEqual({ user: 'ada' })
  await visitor.at('next', '/replace?user=grace')
  expect(await data(visitor, 'old')).toEqual({ user: 'grace' })
  expect(paths).toEqual(['/set', '/replace'])
  await visitor.at('next', '/logout')
  expect(table.size).toBe(0)
})

test('externalKey is sessionIdStore: both find the session by a header', async () => {
  const store = new MemoryStore()
  let id = ''
  const externalKey = {
    get: () => id,
    set: (_ctx: Context, key: string) => {
      id = key
    },
  }
  const visitor = await start({
    old: peer({ store, externalKey }),
    next: next({
      store,
      sessionIdStore: {
        get: () => id,
        set: (sid) => {
          id = sid
        },
        reset: () => {
          id = ''
        },
      },
    }),
  })
  await visitor.at('old', '/set?user=ada')
  expect(await data(visitor, 'next')).toEqual({ user: 'ada' })
  await visitor.at('next', '/set?role=countess')
  expect(await data(visitor, 'old')).toEqual({ user: 'ada', role: 'countess' })
  expect(visitor.browser.jar.size).toBe(0)
})

test('genid is genSid: both make ids of the same kind', async () => {
  const store = new MemoryStore()
  const visitor = await start({
    old: peer({ store, genid: (ctx: Context) => `${ctx.method}-${randomUUID()}` }),
    next: next({
      store,
      genSid() {
        return `${this.method}-${randomUUID()}`
      },
    }),
  })
  for (const side of ['old', 'next']) {
    await visitor.at(side, '/set?user=ada')
    expect(visitor.browser.jar.get('koa.sess')).toMatch(/^GET-[\da-f-]{36}$/)
    expect(await data(visitor, side === 'old' ? 'next' : 'old')).toEqual({ user: 'ada' })
    await visitor.at(side, '/logout')
  }
})

test('toJSON(), length and populated have an expression each that gives the same', async () => {
  const store = new MemoryStore()
  const visitor = await start({
    old: peer(
      { store },
      { '/facts': (ctx) => [ctx.session.toJSON(), ctx.session.length, ctx.session.populated] },
    ),
    next: next(
      { store },
      {
        '/facts': (ctx) => {
          const { length } = Object.keys(ctx.session)
          return [{ ...ctx.session }, length, length > 0]
        },
      },
    ),
  })
  for (const side of ['old', 'next']) {
    expect((await visitor.at(side, '/facts')).json()).toEqual([{}, 0, false])
    await visitor.at(side, '/set?user=ada&role=countess')
    const expected = [{ user: 'ada', role: 'countess' }, 2, true]
    expect((await visitor.at(side, '/facts')).json()).toEqual(expected)
    await visitor.at(side, '/logout')
  }
})

test('renew: true is renew: 0.5: a session with less than half of its lifetime is extended', async () => {
  const store = mapStore()
  const visitor = await start({
    old: peer({ store, maxAge: HOUR, renew: true }),
    next: next({ store, cookie: { maxAge: HOUR }, renew: 0.5 }),
  })
  await visitor.at('old', '/set?user=ada')
  const [[key = '', record] = []] = [...store.table]
  for (const [left, side, isExtended] of [
    [0.6, 'old', false],
    [0.4, 'old', true],
    [0.4, 'next', true],
  ] as const) {
    store.table.set(key, { ...record, _expire: Date.now() + left * HOUR, _maxAge: HOUR })
    const { cookies } = await visitor.at(side, '/read')
    expect([side, left, cookies.length > 0]).toEqual([side, left, isExtended])
  }
})

test('valid and beforeSave are called with the context and the session on both', async () => {
  const store = new MemoryStore()
  const hooks = {
    valid: (_ctx: Context, { user }: SessionData) => user !== 'eve',
    beforeSave: (ctx: Context, saved: object) => {
      Object.assign(saved, { path: ctx.path })
    },
  }
  const visitor = await start({ old: peer({ store, ...hooks }), next: next({ store, ...hooks }) })
  for (const [side, other] of [
    ['old', 'next'],
    ['next', 'old'],
  ] as const) {
    await visitor.at(side, '/set?user=ada')
    expect(await data(visitor, other)).toEqual({ user: 'ada', path: '/set' })
    await visitor.at(side, '/replace?user=eve')
    expect(await data(visitor.twin(), other)).toEqual({})
    await visitor.at(other, '/logout')
  }
})

test('a listener of session events that throws does not fail the request', async () => {
  const problem = new Error('the listener is broken')
  const visitor = await start({
    next: {
      session(app) {
        for (const name of ['create', 'missed', 'destroy', 'reject'])
          app.on(`session:${name}`, () => {
            throw problem
          })
        return session({ key: 'koa.sess', cookie: { signed: false } })
      },
    },
  })
  visitor.browser.jar.set('koa.sess', 'an-id-that-no-store-knows')
  for (const path of ['/read', '/set?user=ada', '/read', '/logout'])
    expect((await visitor.at('next', path)).status).toBe(200)
  const errors = deployment?.errors.splice(0) ?? []
  expect(errors.length).toBeGreaterThan(3)
  expect(new Set(errors)).toEqual(new Set([problem]))
})

test.each<[string, () => LegacyStore]>([
  ['a Map', mapStore],
  [
    'a store with a lifetime of its own, longer than that of the session',
    () => {
      const { table, ...store } = mapStore()
      return { ...store, set: (key, value, _maxAge) => void table.set(key, value) }
    },
  ],
])('a session that koa-sess began in %s ends at its deadline', async (_name, open) => {
  let time = 1_800_000_000_000
  const store = open()
  const visitor = await start({ next: next({ store, ttl: HOUR, now: () => time }) })
  await visitor.at('next', '/set?user=ada')
  time += HOUR - 1
  expect(await data(visitor, 'next')).toEqual({ user: 'ada' })
  time += 1
  expect(await data(visitor, 'next')).toEqual({})
})
