import { Redis } from 'ioredis'
import koaSession, { type CreateSessionOptions } from 'koa-session'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import session, { MemoryStore, type SessionOptions } from '../../src/index.js'
import { RedisStore } from '../../src/stores/redis/store.js'
import { Gate } from '../support/gate.js'
import type { Routes } from '../support/site.js'
import { type Deployment, deploy, type Side, type Visitor } from './deploy.js'
import { expectLifetime, expectNear } from './lifetime.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const redis = new Redis(inject('redisUrl'))
const ours = new RedisStore({ client: redis })

afterAll(async () => {
  ours.close()
  await redis.quit()
})

/** A store as applications write it for koa-session: JSON, and a TTL where it is a number. */
const json = {
  async get(key: string): Promise<unknown> {
    return JSON.parse((await redis.get(key)) ?? 'null')
  },
  async set(key: string, value: unknown, maxAge: unknown): Promise<void> {
    if (typeof maxAge === 'number') await redis.set(key, JSON.stringify(value), 'PX', maxAge)
    else await redis.set(key, JSON.stringify(value))
  },
  async destroy(key: string): Promise<void> {
    await redis.del(key)
  },
}

/** What applications of koa-session spell in a way of their own. */
const ROUTES: Routes = {
  '/maxage': (ctx) => {
    ctx.session.maxAge = Number(ctx.query.ms)
  },
  '/regenerate': async (ctx) => {
    await ctx.session.regenerate()
    Object.assign(ctx.session, ctx.query)
  },
  '/save': (ctx) => ctx.session.save(),
  '/names': (ctx) => Object.keys(ctx.session),
}

const peer = (options: object = {}): Side => ({
  session: (app) => koaSession({ store: json, ...options } as CreateSessionOptions, app),
  routes: ROUTES,
})
const next = (options: SessionOptions = {}): Side => ({
  session: () => session({ store: ours, key: 'koa.sess', prefix: '', ...options }),
  routes: { '/names': (ctx) => Object.keys(ctx.session) },
})

const key = ({ browser }: Visitor) => browser.jar.get('koa.sess') ?? ''
const record = async (visitor: Visitor) => JSON.parse((await redis.get(key(visitor))) ?? 'null')
/** What a handler sees, without the cookie that koa-session finds among the data. */
const data = async (visitor: Visitor, side: string) => {
  const { cookie, ...rest } = (await visitor.at(side, '/read')).json<Record<string, unknown>>()
  return rest
}

const cleanUp: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const each of cleanUp.splice(0)) await each()
})

async function start(sides: Record<string, Side>, now?: () => number): Promise<Visitor> {
  const deployment = await deploy(sides, now)
  cleanUp.push(async () => {
    await deployment.close()
    expect(deployment.errors).toEqual([])
  })
  return deployment.visitor()
}

describe.each([
  ['its ids', {}, /^[\da-f-]{36}$/],
  ['its ids behind a prefix', { prefix: 'app:session:' }, /^app:session:[\da-f-]{36}$/],
  ['ids of a genid', { genid: () => `id-${crypto.randomUUID()}` }, /^id-[\da-f-]{36}$/],
])('koa-session 7.0.2 in store mode hands over to koa-sess 1.0, with %s', (_name, options, shape) => {
  let deployment: Deployment
  let visitor: Visitor

  beforeAll(async () => {
    deployment = await deploy({
      old: peer({ maxAge: HOUR, ...options }),
      'old and rolling': peer({ maxAge: HOUR, rolling: true, ...options }),
      next: next({ cookie: { maxAge: HOUR } }),
      'next and rolling': next({ cookie: { maxAge: HOUR }, rolling: true }),
      'next, with ttl': next({ ttl: 2 * HOUR }),
    })
  })
  afterAll(() => deployment.close())
  beforeEach(() => {
    visitor = deployment.visitor()
  })
  afterEach(() => expect(deployment.errors).toEqual([]))

  it('reads a session with the cookies that the browser has, and writes nothing', async () => {
    await visitor.at('old', '/set?user=ada')
    expect(key(visitor)).toMatch(shape)
    const stored = await redis.get(key(visitor))
    const reply = await visitor.at('next', '/read')
    expect(reply.json()).toEqual({ user: 'ada' })
    expect(reply.cookies).toEqual([])
    expect(await redis.get(key(visitor))).toBe(stored)
  })

  it('keeps the additions of koa-session out of the data', async () => {
    await visitor.at('old', '/set?user=ada')
    expect(Object.keys(await record(visitor))).toEqual(['user', '_expire', '_maxAge'])
    expect((await visitor.at('next', '/names')).json()).toEqual(['user'])
    await visitor.at('next', '/set?role=countess')
    expect((await visitor.at('next', '/names')).json()).toEqual(['user', 'role'])
    await visitor.at('next', '/replace?user=grace')
    expect((await visitor.at('next', '/names')).json()).toEqual(['user'])
  })

  it('writes under the same id, in a form that koa-session goes on with', async () => {
    await visitor.at('old', '/set?user=ada')
    const { cookie } = visitor.browser
    await visitor.at('next', '/set?role=countess')
    expect(visitor.browser.cookie).toBe(cookie)
    expect(await data(visitor, 'old')).toEqual({ user: 'ada', role: 'countess' })
    await visitor.at('old', '/set?title=notes')
    await visitor.at('old', '/delete?user')
    expect(await data(visitor, 'next')).toEqual({ role: 'countess', title: 'notes' })
    await visitor.at('next', '/delete?title')
    expect(await data(visitor, 'old')).toEqual({ role: 'countess' })
    expect((await visitor.at('next', '/names')).json()).toEqual(['role'])
    expect(visitor.browser.cookie).toBe(cookie)
  })

  it('keeps _expire current with every write, so that koa-session believes it', async () => {
    await visitor.at('old', '/set?user=ada')
    for (const path of ['/set?role=countess', '/replace?user=grace', '/save', '/set?views=1']) {
      await age(10 * MINUTE)
      await visitor.at('next', path)
      const { _expire, _maxAge } = await record(visitor)
      expectNear(_expire - Date.now(), HOUR)
      expect(_maxAge).toBe(HOUR)
      expectNear(await redis.pttl(key(visitor)), HOUR)
    }
    await age(10 * MINUTE)
    await visitor.at('next, with ttl', '/set?views=2')
    expectNear((await record(visitor))._expire - Date.now(), 2 * HOUR)
  })

  it('rolls, for koa-session too', async () => {
    await visitor.at('old', '/set?user=ada')
    await age(50 * MINUTE)
    const reply = await visitor.at('next and rolling', '/read')
    expect(reply.cookies).toHaveLength(2)
    expectNear((await record(visitor))._expire - Date.now(), HOUR)
    expectNear(await redis.pttl(key(visitor)), HOUR)
    await age(50 * MINUTE)
    await visitor.at('old and rolling', '/read')
    expect(await data(visitor, 'next and rolling')).toEqual({ user: 'ada' })
    expectNear((await record(visitor))._expire - Date.now(), HOUR)
  })

  it('takes a session for over when its _expire is past, whatever the TTL of the store', async () => {
    await visitor.at('old', '/set?user=ada')
    const before = key(visitor)
    await age(HOUR + 1)
    expect(await redis.exists(before)).toBe(1)
    for (const side of ['next', 'next and rolling', 'old']) {
      expect(await data(visitor.twin(), side)).toEqual({})
    }
    await visitor.at('next', '/set?user=eve')
    expect(key(visitor)).not.toBe(before)
    expect(await data(visitor, 'old')).toEqual({ user: 'eve' })
  })

  it('ends sessions for both, whichever was asked to', async () => {
    for (const [end, other] of [
      ['next', 'old'],
      ['old', 'next'],
    ] as const) {
      await visitor.at('old', '/set?user=ada')
      await visitor.at('next', '/set?role=countess')
      const twin = visitor.twin()
      await visitor.at(end, '/logout')
      expect(visitor.browser.jar.size).toBe(0)
      expect(await data(twin, other)).toEqual({})
      expect(await data(twin, end)).toEqual({})
    }
  })

  it('keeps the lifetime that koa-session gave one user', async () => {
    await visitor.at('old', '/set?user=ada')
    await visitor.at('old', `/maxage?ms=${3 * HOUR}`)
    expectLifetime((await visitor.at('next', '/set?role=countess')).cookies, 3 * HOUR)
    expectLifetime((await visitor.at('old', '/set?title=notes')).cookies, 3 * HOUR)
    expectLifetime((await visitor.at('next', '/set?title=more')).cookies, 3 * HOUR)
  })

  /** Lets time pass for the record, which says itself when it ends. */
  async function age(ms: number): Promise<void> {
    const { _expire, ...rest } = await record(visitor)
    const left = await redis.pttl(key(visitor))
    await redis.set(key(visitor), JSON.stringify({ ...rest, _expire: _expire - ms }), 'PX', left)
  }
})

describe('koa-session 7.0.2 in store mode and koa-sess 1.0', () => {
  it('reads on koa-session what koa-sess made, and keeps it readable for both', async () => {
    const visitor = await start({ old: peer(), next: next() })
    await visitor.at('next', '/set?user=ada')
    const { cookie } = visitor.browser
    expect(await data(visitor, 'old')).toEqual({ user: 'ada' })
    await visitor.at('old', '/set?role=countess')
    expect(visitor.browser.cookie).toBe(cookie)
    expect((await visitor.at('next', '/read')).json()).toEqual({ user: 'ada', role: 'countess' })
    await visitor.at('next', '/set?title=notes')
    expect((await visitor.at('next', '/names')).json()).toEqual(['user', 'role', 'title'])
    expect(await data(visitor, 'old')).toEqual({ user: 'ada', role: 'countess', title: 'notes' })
  })

  it('keeps _expire current in a session of its own that koa-session wrote in between', async () => {
    const visitor = await start({
      old: peer({ maxAge: HOUR }),
      next: next({ cookie: { maxAge: HOUR } }),
    })
    await visitor.at('next', '/set?user=ada')
    await visitor.at('old', '/set?role=countess')
    const { _expire, ...rest } = await record(visitor)
    await redis.set(
      key(visitor),
      JSON.stringify({ ...rest, _expire: _expire - 50 * MINUTE }),
      'PX',
      HOUR,
    )
    await visitor.at('next', '/set?title=notes')
    const { _expire: after } = await record(visitor)
    // Without it koa-session goes by the store alone.
    if (after !== undefined) expectNear(after - Date.now(), HOUR)
  })

  it('moves to a new id with either, and the other follows', async () => {
    const visitor = await start({ old: peer(), next: next() })
    for (const [first, second] of [
      ['old', 'next'],
      ['next', 'old'],
    ] as const) {
      await visitor.at(second, '/set?guest=yes')
      const [before, twin] = [key(visitor), visitor.twin()]
      await visitor.at(first, '/regenerate?user=ada')
      expect(key(visitor)).not.toBe(before)
      expect(await data(visitor, second)).toMatchObject({ user: 'ada' })
      await visitor.at(second, '/set?role=countess')
      expect(await data(visitor, first)).toMatchObject({ user: 'ada', role: 'countess' })
      expect((await visitor.at('next', '/names')).json()).not.toContain('_expire')
      expect(await data(twin, first)).toEqual({})
      expect(await data(twin, second)).toEqual({})
      await visitor.at(second, '/logout')
    }
  })

  it('follows a lifetime that koa-session changed after koa-sess had written', async () => {
    const visitor = await start({
      old: peer({ maxAge: HOUR }),
      next: next({ cookie: { maxAge: HOUR } }),
    })
    await visitor.at('old', '/set?user=ada')
    await visitor.at('next', '/set?role=countess')
    await visitor.at('old', `/maxage?ms=${3 * HOUR}`)
    expectLifetime((await visitor.at('next', '/set?title=notes')).cookies, 3 * HOUR)
    expectNear(await redis.pttl(key(visitor)), 3 * HOUR)
  })

  it('tells koa-session of a lifetime that koa-sess changed', async () => {
    const visitor = await start({
      old: peer({ maxAge: HOUR }),
      next: next({ cookie: { maxAge: HOUR } }),
    })
    await visitor.at('old', '/set?user=ada')
    await visitor.at('next', `/maxage?ms=${3 * HOUR}`)
    expectLifetime((await visitor.at('old', '/set?title=notes')).cookies, 3 * HOUR)
    expectLifetime((await visitor.at('next', '/set?title=more')).cookies, 3 * HOUR)
  })

  it('keeps a session that ends with the browser, on both', async () => {
    const visitor = await start({
      old: peer({ maxAge: 'session' }),
      next: next({ cookie: { maxAge: DAY } }),
    })
    await visitor.at('old', '/set?user=ada')
    expect(Object.keys(await record(visitor))).toEqual(['user', '_session'])
    expect((await visitor.at('next', '/names')).json()).toEqual(['user'])
    const { cookies } = await visitor.at('next', '/set?role=countess')
    expect(cookies).toHaveLength(2)
    for (const line of cookies) expect(line).not.toContain('expires')
    expect(await record(visitor)).toMatchObject({ user: 'ada', role: 'countess', _session: true })
    expect(await redis.pttl(key(visitor))).toBeGreaterThan(0)
    expect(await data(visitor, 'old')).toEqual({ user: 'ada', role: 'countess' })
    await visitor.at('old', '/set?title=notes')
    expect((await visitor.at('next', '/names')).json()).toEqual(['user', 'role', 'title'])
    await visitor.at('next', '/logout')
    await visitor.at('next', '/set?user=grace')
    await visitor.at('old', '/set?role=admiral')
    expect((await visitor.at('next', '/names')).json()).toEqual(['user', 'role'])
  })

  it('merges what koa-session wrote while a handler was at work, though it writes at every request', async () => {
    const gate = new Gate()
    const routes: Routes = {
      '/slow': async (ctx) => {
        ctx.session.mine = 'slow'
        await gate.pass()
      },
    }
    const visitor = await start({
      old: peer({ maxAge: HOUR, rolling: true }),
      next: { ...next(), routes },
    })
    await visitor.at('old', '/set?user=ada')
    const slow = visitor.at('next', '/slow')
    await gate.arrived
    await visitor.at('old', '/set?theirs=quick')
    await visitor.at('old', '/read')
    gate.open()
    await slow
    expect(await data(visitor, 'old')).toEqual({ user: 'ada', mine: 'slow', theirs: 'quick' })
    expectNear((await record(visitor))._expire - Date.now(), HOUR)
  })

  it('does not bring a session back that koa-session ended while a handler was at work', async () => {
    const gate = new Gate()
    const routes: Routes = {
      '/slow': async (ctx) => {
        ctx.session.mine = 'slow'
        await gate.pass()
      },
    }
    const visitor = await start({ old: peer(), next: { ...next(), routes } })
    await visitor.at('old', '/set?user=ada')
    const before = key(visitor)
    const slow = visitor.at('next', '/slow')
    await gate.arrived
    await visitor.at('old', '/logout')
    gate.open()
    expect((await slow).cookies).toEqual([])
    expect(await redis.exists(before)).toBe(0)
  })

  it.each([
    { _expire: 1, _maxAge: 2, _session: true },
    { _expire: 1, _maxAge: 2 },
    { _session: true },
    { _expire: '1', _maxAge: '2', _session: 'true' },
  ])('lets users of koa-sess have the names of koa-session as data: %o', async (names) => {
    const routes: Routes = {
      '/names': (ctx) => {
        Object.assign(ctx.session, names)
      },
    }
    const visitor = await start({
      next: { ...next({ key: 'koa.sid', prefix: `test:${crypto.randomUUID()}:` }), routes },
    })
    await visitor.at('next', '/names')
    await visitor.at('next', '/set?user=ada')
    expect((await visitor.at('next', '/read')).json()).toEqual({ ...names, user: 'ada' })
  })

  it('believes and renews signatures across a rotation of keys', async () => {
    const visitor = await start({
      'old keys': { ...peer(), keys: ['an old secret'] },
      next: { ...next(), keys: ['a new secret', 'an old secret'] },
      'new keys': { ...peer(), keys: ['a new secret'] },
    })
    await visitor.at('old keys', '/set?user=ada')
    const before = key(visitor)
    expect((await visitor.at('next', '/read')).cookies).toHaveLength(2)
    expect(await data(visitor, 'new keys')).toEqual({ user: 'ada' })
    expect(key(visitor)).toBe(before)
  })
})

describe.each([
  ['MemoryStore', () => new MemoryStore()],
  ['RedisStore', () => ours],
])('%s as the store of koa-session', (_name, make) => {
  const store = make()
  const get = (visitor: Visitor) => store.get(key(visitor))

  it('keeps, changes and ends sessions', async () => {
    const visitor = await start({ old: peer({ store }), next: next({ store }) })
    await visitor.at('old', '/set?user=ada')
    await visitor.at('old', '/set?role=countess')
    expect(await data(visitor, 'old')).toEqual({ user: 'ada', role: 'countess' })
    expect(await data(visitor, 'next')).toEqual({ user: 'ada', role: 'countess' })
    const twin = visitor.twin()
    await visitor.at('old', '/logout')
    expect(await data(twin, 'old')).toEqual({})
    expect(await get(twin)).toBe(undefined)
  })

  it('moves sessions to new ids, and takes a tombstone for no session', async () => {
    const visitor = await start({ old: peer({ store }), next: next({ store }) })
    await visitor.at('old', '/set?guest=yes')
    const [first, before] = [visitor.twin(), key(visitor)]
    await visitor.at('old', '/regenerate?user=ada')
    expect(key(visitor)).not.toBe(before)
    expect(await data(first, 'old')).toEqual({})
    const twin = visitor.twin()
    await visitor.at('next', '/logout')
    expect(await store.load(key(twin))).toMatch(/^\d+e-\d+$/)
    expect(await data(twin, 'old')).toEqual({})
  })

  it('lets a session of koa-session that ends with the browser end in the store as well', async () => {
    const visitor = await start({ old: peer({ store, maxAge: 'session' }) })
    await visitor.at('old', '/set?user=ada')
    expect(await get(visitor)).toEqual({ user: 'ada', _session: true })
    expect(await data(visitor, 'old')).toEqual({ user: 'ada' })
    if (store === ours) expectNear(await redis.pttl(key(visitor)), DAY)
  })
})
