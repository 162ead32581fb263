import { Redis } from 'ioredis'
import type { Context } from 'koa'
import convert from 'koa-convert'
import koaRedis from 'koa-redis'
import legacySession from 'koa-sess-legacy'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  it,
  vi,
} from 'vitest'
import session, { type LegacyStore, type SessionOptions } from '../../src/index.js'
import { RedisStore } from '../../src/stores/redis/store.js'
import { type Deployment, deploy, type Visitor } from './deploy.js'
import { expectLifetime } from './lifetime.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const redis = new Redis(inject('redisUrl'))
const peer = koaRedis({ url: inject('redisUrl') })
const ours = new RedisStore({ client: redis })

afterAll(async () => {
  ours.close()
  // koa-generic-session would wait ten seconds for it, and then reject a promise that nothing awaits.
  peer.removeAllListeners('disconnect')
  await Promise.all([redis.quit(), peer.quit()])
})

/** A store as it was written in 2014, when methods were generators. */
const generators: LegacyStore = {
  *get(sid): Generator<unknown, unknown, unknown> {
    const session = yield redis.get(sid)
    return typeof session === 'string' ? JSON.parse(session) : undefined
  },
  *set(sid, session, ttl) {
    yield redis.set(sid, JSON.stringify(session), 'PX', ttl)
  },
  *destroy(sid) {
    yield redis.del(sid)
  },
}

/** The other kind of those days: functions that wait for a callback. */
const thunks: LegacyStore = {
  get: (sid) => (done: (error: unknown, session?: unknown) => void) => {
    redis.get(sid, (error, value) => done(error, value ? JSON.parse(value) : undefined))
  },
  set: (sid, session, ttl) => (done: (error: unknown) => void) => {
    redis.set(sid, JSON.stringify(session), 'PX', ttl, (error) => done(error))
  },
  destroy: (sid) => (done: (error: unknown) => void) => {
    redis.del(sid, (error) => done(error))
  },
}

const MIGRATIONS: [string, object, SessionOptions['store']][] = [
  ['from koa-redis to RedisStore', peer, ours],
  ['from a store of generators to RedisStore', generators, ours],
  ['from a store of thunks to RedisStore', thunks, ours],
  ['and stays on koa-redis', peer, peer],
  ['and stays on a store of generators', generators, generators],
  ['and stays on a store of thunks', thunks, thunks],
]

describe.each(MIGRATIONS)('an app of koa-sess 0.4.1 moves to 1.0 %s', (_name, before, after) => {
  let deployment: Deployment
  let visitor: Visitor

  beforeAll(async () => {
    // It recommends its own successor at every start.
    vi.spyOn(console, 'warn').mockReturnValue()
    const old =
      (options = {}) =>
      () =>
        convert(legacySession({ store: before, ...options }))
    deployment = await deploy({
      old: { session: old() },
      'old with maxage': { session: old({ cookie: { maxage: 2 * DAY } }) },
      new: { session: () => session({ store: after }) },
      'new with maxage': { session: () => session({ store: after, cookie: { maxage: 2 * DAY } }) },
      'new and rolling': { session: () => session({ store: after, rolling: true }) },
    })
    vi.restoreAllMocks()
  })
  afterAll(() => deployment.close())

  beforeEach(() => {
    visitor = deployment.visitor()
  })
  afterEach(() => expect(deployment.errors).toEqual([]))

  const key = () => `koa:sess:${visitor.browser.jar.get('koa.sid')}`
  const record = async () => JSON.parse((await redis.get(key())) ?? 'null')

  it('reads a session with the cookies that the browser has, and writes nothing', async () => {
    await visitor.at('old', '/set?user=ada')
    const [cookie, stored] = [visitor.browser.cookie, await redis.get(key())]
    expect(visitor.browser.jar.get('koa.sid')).toHaveLength(32)
    expect(visitor.browser.jar.has('koa.sid.sig')).toBe(true)
    const reply = await visitor.at('new', '/read')
    expect(reply.json()).toEqual({ user: 'ada' })
    expect(reply.cookies).toEqual([])
    expect(visitor.browser.cookie).toBe(cookie)
    expect(await redis.get(key())).toBe(stored)
  })

  it('writes under the same id, in a form that koa-sess 0.4.1 goes on with', async () => {
    await visitor.at('old', '/set?user=ada')
    const { cookie } = visitor.browser
    const reply = await visitor.at('new', '/set?role=countess')
    expect(reply.cookies).toHaveLength(2)
    expect(visitor.browser.cookie).toBe(cookie)
    expect(await record()).toMatchObject({ user: 'ada', role: 'countess', cookie: {} })
    expect(await redis.pttl(key())).toBeGreaterThan(DAY - HOUR)
    await visitor.at('old', '/set?title=notes')
    expect(visitor.browser.cookie).toBe(cookie)
    expect((await visitor.at('old', '/read')).json()).toMatchObject({
      user: 'ada',
      role: 'countess',
      title: 'notes',
    })
    expect((await visitor.at('new', '/read')).json()).toEqual({
      user: 'ada',
      role: 'countess',
      title: 'notes',
    })
    expect(await redis.pttl(key())).toBeGreaterThan(0)
  })

  it('makes sessions that koa-sess 0.4.1 reads and changes', async () => {
    await visitor.at('new', '/set?user=ada')
    const { cookie } = visitor.browser
    expect((await visitor.at('old', '/read')).json()).toMatchObject({ user: 'ada' })
    await visitor.at('old', '/set?role=countess')
    await visitor.at('old', '/delete?user')
    expect(visitor.browser.cookie).toBe(cookie)
    expect((await visitor.at('new', '/read')).json()).toEqual({ role: 'countess' })
  })

  it('keeps the cookie settings of one user', async () => {
    await visitor.at('old', '/set?user=ada')
    await visitor.at('old', `/maxage?ms=${HOUR}`)
    expect((await record()).cookie).toMatchObject({ maxage: HOUR })
    const reply = await visitor.at('new', '/set?role=countess')
    expectLifetime(reply.cookies, HOUR)
    expect((await record()).cookie).toMatchObject({ maxAge: HOUR })
    expect(await redis.pttl(key())).toBeLessThanOrEqual(HOUR)
    expectLifetime((await visitor.at('old', '/set?title=notes')).cookies, HOUR)
    expectLifetime((await visitor.at('new', '/set?title=more')).cookies, HOUR)
    expect(await redis.pttl(key())).toBeGreaterThan(HOUR - 60_000)
  })

  it('takes the option maxage as it was, into the browser and the store', async () => {
    await visitor.at('old with maxage', '/set?user=ada')
    expect(await redis.pttl(key())).toBeGreaterThan(2 * DAY - HOUR)
    for (const [side, path] of [
      ['new with maxage', '/set?role=countess'],
      ['old with maxage', '/set?title=notes'],
      ['new with maxage', '/delete?role'],
    ] as const) {
      expectLifetime((await visitor.at(side, path)).cookies, 2 * DAY)
      expect(await redis.pttl(key())).toBeGreaterThan(2 * DAY - HOUR)
    }
  })

  it('keeps the lifetime that the old options gave a session, whatever the new ones say', async () => {
    await visitor.at('old with maxage', '/set?user=ada')
    expectLifetime((await visitor.at('new', '/set?role=countess')).cookies, 2 * DAY)
    expect(await redis.pttl(key())).toBeGreaterThan(2 * DAY - HOUR)
  })

  it('rolls a session on that koa-sess 0.4.1 left behind', async () => {
    await visitor.at('old', '/set?user=ada')
    await visitor.at('old', `/maxage?ms=${HOUR}`)
    await redis.pexpire(key(), 60_000)
    const reply = await visitor.at('new and rolling', '/read')
    expect(reply.json()).toEqual({ user: 'ada' })
    expectLifetime(reply.cookies, HOUR)
    expect(await redis.pttl(key())).toBeGreaterThan(HOUR - 60_000)
    expect(await redis.pttl(key())).toBeLessThanOrEqual(HOUR)
  })

  it('ends sessions for both, whichever was asked to', async () => {
    for (const [end, other] of [
      ['new', 'old'],
      ['old', 'new'],
    ] as const) {
      await visitor.at('old', '/set?user=ada')
      const twin = visitor.twin()
      await visitor.at(end, '/logout')
      expect((await twin.at(other, '/read')).text).not.toContain('ada')
      expect((await visitor.at(other, '/read')).text).not.toContain('ada')
      expect((await visitor.at(end, '/read')).text).not.toContain('ada')
    }
  })

  it('gives a new id to a session whose record is gone', async () => {
    await visitor.at('old', '/set?user=ada')
    const before = visitor.browser.jar.get('koa.sid')
    await redis.del(key())
    expect((await visitor.at('new', '/read')).json()).toEqual({})
    await visitor.at('new', '/set?user=eve')
    expect(visitor.browser.jar.get('koa.sid')).not.toBe(before)
    expect(await redis.exists(`koa:sess:${before}`)).toBe(0)
  })
})

it('runs deferred handlers of koa-sess 0.4.1 as they are, on the same sessions', async () => {
  vi.spyOn(console, 'warn').mockReturnValue()
  const count = convert(function* (this: Context): Generator<unknown, void, SessionData> {
    const session = yield this.session
    session.views = (session.views ?? 0) + 1
    this.body = JSON.stringify(session.views)
  })
  const deployment = await deploy({
    old: { session: () => convert(legacySession({ store: peer, defer: true })), after: [count] },
    new: { session: () => session({ store: ours, defer: true }), after: [count] },
  })
  vi.restoreAllMocks()
  const visitor = deployment.visitor()
  const views: unknown[] = []
  for (const side of ['old', 'new', 'old', 'new', 'new']) {
    views.push((await visitor.at(side, '/')).json())
  }
  expect(views).toEqual([1, 2, 3, 4, 5])
  expect(deployment.errors).toEqual([])
  await deployment.close()
})
