import { Redis } from 'ioredis'
import Keygrip from 'keygrip'
import genericSession from 'koa-generic-session'
import koaRedis from 'koa-redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import session, { MemoryStore, type SessionOptions } from '../../src/index.js'
import { RedisStore } from '../../src/stores/redis/store.js'
import { Gate } from '../support/gate.js'
import type { Routes } from '../support/site.js'
import { type Deployment, deploy, type Side, type Visitor } from './deploy.js'
import { expectLifetime, expectNear } from './lifetime.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const redis = new Redis(inject('redisUrl'))
const peer = koaRedis({ url: inject('redisUrl') })
const ours = new RedisStore({ client: redis })
// Each middleware listens for the news of its store.
peer.setMaxListeners(0)

afterAll(async () => {
  ours.close()
  // koa-generic-session would wait ten seconds for it, and then reject a promise that nothing awaits.
  peer.removeAllListeners('disconnect')
  await Promise.all([redis.quit(), peer.quit()])
})

const generic = (options: object = {}): Side => ({
  session: () => genericSession({ store: peer, ...options }),
})
const next = (options: SessionOptions = {}): Side => ({
  session: () => session({ store: ours, ...options }),
})

const sid = ({ browser }: Visitor) => browser.jar.get('koa.sid')
const key = (visitor: Visitor) => `koa:sess:${sid(visitor)}`
const record = async (visitor: Visitor) => JSON.parse((await redis.get(key(visitor))) ?? 'null')
/** What a peer shows of a session, without the cookie that it keeps among the data. */
const data = async (visitor: Visitor, side: string) => {
  const { cookie, ...rest } = (await visitor.at(side, '/read')).json<Record<string, unknown>>()
  return rest
}

describe.each([
  ['the same cookie.maxAge', { cookie: { maxAge: DAY } }, { cookie: { maxAge: DAY } }, DAY],
  ['rolling', { rolling: true }, { rolling: true, cookie: { maxAge: DAY } }, DAY],
  ['the same ttl', { ttl: HOUR }, { ttl: HOUR }, HOUR],
])('koa-generic-session 2.3.1 and koa-sess 1.0 side by side, with %s', (_name, theirs, mine, ttl) => {
  let deployment: Deployment
  let visitor: Visitor

  beforeAll(async () => {
    deployment = await deploy({ generic: generic(theirs), next: next(mine) })
  })
  afterAll(() => deployment.close())
  beforeEach(() => {
    visitor = deployment.visitor()
  })
  afterEach(async () => {
    expect(deployment.errors).toEqual([])
    if (await redis.exists(key(visitor))) expect(await redis.pttl(key(visitor))).toBeGreaterThan(0)
  })

  const expectTimed = async () => expectNear(await redis.pttl(key(visitor)), ttl)

  for (const [first, second] of [
    ['generic', 'next'],
    ['next', 'generic'],
  ] as const) {
    it(`reads and changes on ${second} what ${first} made, and reads the changes on ${first}`, async () => {
      await visitor.at(first, '/set?user=ada&role=countess')
      await expectTimed()
      const { cookie } = visitor.browser
      expect(await data(visitor, second)).toEqual({ user: 'ada', role: 'countess' })
      await visitor.at(second, '/set?title=notes')
      await expectTimed()
      await visitor.at(second, '/delete?role')
      expect(await data(visitor, first)).toEqual({ user: 'ada', title: 'notes' })
      await visitor.at(first, '/set?user=lovelace')
      await expectTimed()
      expect(await data(visitor, second)).toEqual({ user: 'lovelace', title: 'notes' })
      expect(visitor.browser.cookie).toBe(cookie)
    })

    it(`is logged out on ${second} after a logout on ${first}, and logs in again`, async () => {
      await visitor.at(second, '/set?user=ada')
      const [before, twin] = [sid(visitor), visitor.twin()]
      await visitor.at(first, '/logout')
      expect(visitor.browser.jar.size).toBe(0)
      expect(await data(visitor, second)).toEqual({})
      await visitor.at(second, '/set?user=grace')
      expect(sid(visitor)).not.toBe(before)
      expect(await data(visitor, first)).toEqual({ user: 'grace' })
      expect(await data(twin, first)).toEqual({})
      expect(await data(twin, second)).toEqual({})
    })

    it(`moves to a new id on ${first}, and ${second} follows`, async () => {
      await visitor.at(second, '/set?guest=yes')
      const [before, twin] = [sid(visitor), visitor.twin()]
      await visitor.at(first, '/regenerate?user=ada')
      expect(sid(visitor)).not.toBe(before)
      expect(await data(visitor, second)).toEqual({ user: 'ada' })
      await visitor.at(second, '/set?role=countess')
      expect(await data(visitor, first)).toEqual({ user: 'ada', role: 'countess' })
      expect(await data(twin, first)).toEqual({})
      expect(await data(twin, second)).toEqual({})
      await expectTimed()
    })
  }

  it('leaves a tombstone that koa-generic-session takes for no session, and does not write under', async () => {
    await visitor.at('generic', '/set?user=ada')
    const twin = visitor.twin()
    await visitor.at('next', '/logout')
    const tombstone = await redis.get(key(twin))
    expect(tombstone).toMatch(/^\d+e-\d+$/)
    const before = key(twin)
    await twin.at('generic', '/set?user=eve')
    expect(key(twin)).not.toBe(before)
    expect(await redis.get(before)).toBe(tombstone)
    expect(await data(twin, 'next')).toEqual({ user: 'eve' })
  })

  it('loads and mends what ctx.session = {…} left of a record: no cookie, and no TTL', async () => {
    await visitor.at('generic', '/set?user=ada')
    await visitor.at('generic', '/replace?user=grace')
    expect(await record(visitor)).toEqual({ user: 'grace' })
    expect(await data(visitor, 'next')).toEqual({ user: 'grace' })
    await visitor.at('next', '/set?role=admiral')
    await expectTimed()
    expect(await data(visitor, 'generic')).toEqual({ user: 'grace', role: 'admiral' })
  })

  it('hands a session that was replaced with ctx.session = {…} back with its cookie', async () => {
    await visitor.at('generic', '/set?user=ada')
    await visitor.at('next', '/replace?user=grace')
    expect(await record(visitor)).toMatchObject({ user: 'grace', cookie: {} })
    expect(await data(visitor, 'generic')).toEqual({ user: 'grace' })
    await visitor.at('generic', '/set?role=admiral')
    await expectTimed()
  })

  it('keeps the id of a session that the other side saves by hand', async () => {
    await visitor.at('generic', '/set?user=ada')
    const before = sid(visitor)
    await visitor.at('next', '/save')
    await visitor.at('generic', '/save')
    expect(sid(visitor)).toBe(before)
    expect(await data(visitor, 'next')).toEqual({ user: 'ada' })
    await expectTimed()
  })
})

describe('koa-generic-session 2.3.1 and koa-sess 1.0', () => {
  const cleanUp: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const each of cleanUp.splice(0)) await each()
  })

  async function start(sides: Record<string, Side>): Promise<Visitor> {
    const deployment = await deploy(sides)
    cleanUp.push(async () => {
      await deployment.close()
      expect(deployment.errors).toEqual([])
    })
    return deployment.visitor()
  }

  it('opens cookies in quotes as koa-generic-session does', async () => {
    const visitor = await start({ generic: generic(), next: next() })
    await visitor.at('generic', '/set?user=ada')
    const { jar } = visitor.browser
    const cookies = [...jar]
    jar.clear()
    jar.set('$Version', '1')
    for (const [name, value] of cookies) jar.set(name, `"${value}"`)
    for (const side of ['generic', 'next'])
      expect(await data(visitor, side)).toEqual({ user: 'ada' })
  })

  it('merges what koa-generic-session wrote while a handler was at work', async () => {
    const gate = new Gate()
    const routes: Routes = {
      '/slow': async (ctx) => {
        ctx.session.mine = 'slow'
        await gate.pass()
      },
    }
    const visitor = await start({ generic: generic(), next: { ...next(), routes } })
    await visitor.at('generic', '/set?user=ada')
    const slow = visitor.at('next', '/slow')
    await gate.arrived
    await visitor.at('generic', '/set?theirs=quick')
    gate.open()
    await slow
    expect(await data(visitor, 'generic')).toEqual({ user: 'ada', mine: 'slow', theirs: 'quick' })
  })

  it('does not bring a session back that koa-generic-session ended while a handler was at work', async () => {
    const gate = new Gate()
    const routes: Routes = {
      '/slow': async (ctx) => {
        ctx.session.mine = 'slow'
        await gate.pass()
      },
    }
    const visitor = await start({ generic: generic(), next: { ...next(), routes } })
    await visitor.at('generic', '/set?user=ada')
    const slow = visitor.at('next', '/slow')
    await gate.arrived
    await visitor.at('generic', '/logout')
    gate.open()
    expect((await slow).cookies).toEqual([])
    expect(await redis.exists(key(visitor))).toBe(0)
  })

  it('keeps the lifetime that one user was given, by either of them', async () => {
    const options = { cookie: { maxAge: DAY } }
    const visitor = await start({ generic: generic(options), next: next(options) })
    await visitor.at('generic', '/set?user=ada')
    await visitor.at('generic', `/maxage?ms=${HOUR}`)
    for (const side of ['next', 'generic', 'next', 'next', 'generic']) {
      expectLifetime((await visitor.at(side, `/set?time=${Math.random()}`)).cookies, HOUR)
      expect(await redis.pttl(key(visitor))).toBeLessThanOrEqual(HOUR)
      expect(await redis.pttl(key(visitor))).toBeGreaterThan(HOUR - 60_000)
    }
    await visitor.at('next', `/maxage?ms=${2 * HOUR}`)
    for (const side of ['generic', 'next', 'generic']) {
      expectLifetime((await visitor.at(side, `/set?time=${Math.random()}`)).cookies, 2 * HOUR)
      expect(await redis.pttl(key(visitor))).toBeGreaterThan(2 * HOUR - 60_000)
    }
  })

  it('keeps a lifetime that koa-generic-session gave a session of ours', async () => {
    const options = { cookie: { maxAge: DAY } }
    const visitor = await start({ generic: generic(options), next: next(options) })
    await visitor.at('next', '/set?user=ada')
    await visitor.at('generic', `/maxage?ms=${HOUR}`)
    for (const side of ['next', 'generic', 'next']) {
      expectLifetime((await visitor.at(side, `/set?time=${Math.random()}`)).cookies, HOUR)
      expect(await redis.pttl(key(visitor))).toBeLessThanOrEqual(HOUR)
    }
  })

  it('keeps a fixed end that one user was given, by either of them', async () => {
    const expires = new Date(Math.ceil((Date.now() + HOUR) / 1000) * 1000)
    const routes: Routes = {
      '/expires': (ctx) => {
        Object.assign(ctx.session.cookie, { maxAge: null, expires })
      },
    }
    for (const [first, second] of [
      ['generic', 'next'],
      ['next', 'generic'],
    ] as const) {
      const visitor = await start({
        generic: { ...generic(), routes },
        next: { ...next({ cookie: { maxAge: DAY } }), routes },
      })
      await visitor.at(first, '/set?user=ada')
      await visitor.at(first, '/expires')
      for (const side of [second, first, second]) {
        const { cookies } = await visitor.at(side, `/set?time=${Math.random()}`)
        expect(cookies).toHaveLength(2)
        for (const line of cookies) expect(line).toContain(`expires=${expires.toUTCString()}`)
        expect(await redis.pttl(key(visitor))).toBeLessThanOrEqual(HOUR + 1000)
        expect(await redis.pttl(key(visitor))).toBeGreaterThan(HOUR - 60_000)
      }
    }
  })

  it('follows its own options in all that older ones gave a cookie, but for the lifetime', async () => {
    const cookie = { maxAge: HOUR, httpOnly: false, domain: 'example.org', sameSite: 'strict' }
    const visitor = await start({ generic: generic({ cookie }), next: next() })
    await visitor.at('generic', '/set?user=ada')
    const { cookies } = await visitor.at('next', '/set?role=countess')
    expectLifetime(cookies, HOUR)
    for (const line of cookies)
      expect(line).toMatch(/; path=\/; expires=[^;]+; samesite=lax; httponly$/)
    expect(await data(visitor, 'generic')).toEqual({ user: 'ada', role: 'countess' })
  })

  it('gives sessions it makes the attributes of its own options at koa-generic-session too', async () => {
    const cookie = {
      maxAge: HOUR,
      httpOnly: false,
      sameSite: 'strict',
      path: '/',
      domain: 'example.org',
    } as const
    const visitor = await start({ generic: generic(), next: next({ cookie }) })
    await visitor.at('next', '/set?user=ada')
    const { cookies } = await visitor.at('generic', '/set?role=countess')
    expect(cookies).toHaveLength(2)
    for (const line of cookies) {
      expect(line).toMatch(/; path=\/; expires=[^;]+; domain=example\.org; samesite=strict$/)
    }
  })

  it.each([
    ['sameSite none without secure', { sameSite: 'none' }],
    ['sameSite none with secure false', { sameSite: 'none', secure: false }],
    ['attributes that are none', { secureProxy: false, colour: 'blue' }],
    ['a domain that is none', { domain: undefined, path: '/' }],
  ])('does not fail over what older options put into a record: %s', async (_name, cookie) => {
    const visitor = await start({ generic: generic({ cookie }), next: next() })
    await visitor.at('generic', '/set?user=ada')
    for (const path of ['/read', '/set?role=countess', '/read', '/set?title=notes']) {
      expect((await visitor.at('next', path)).status).toBe(200)
    }
    expect(await data(visitor, 'generic')).toEqual({
      user: 'ada',
      role: 'countess',
      title: 'notes',
    })
  })

  it('cuts a lifetime of years to what browsers keep, and not to that of the options', async () => {
    const visitor = await start({
      generic: generic({ cookie: { maxAge: 730 * DAY } }),
      next: next(),
    })
    await visitor.at('generic', '/set?user=ada')
    expectLifetime((await visitor.at('next', '/set?role=countess')).cookies, 400 * DAY)
    expect(await redis.pttl(key(visitor))).toBeGreaterThan(399 * DAY)
  })

  it('shares prefix and key', async () => {
    const options = { prefix: 'app:', key: 'app.id' }
    const visitor = await start({ generic: generic(options), next: next(options) })
    await visitor.at('generic', '/set?user=ada')
    expect(await redis.exists(`app:${visitor.browser.jar.get('app.id')}`)).toBe(1)
    await visitor.at('next', '/set?role=countess')
    expect(await data(visitor, 'generic')).toEqual({ user: 'ada', role: 'countess' })
  })

  it('shares cookies that are not signed', async () => {
    const options = { cookie: { signed: false, maxAge: HOUR } }
    const visitor = await start({ generic: generic(options), next: next(options) })
    await visitor.at('generic', '/set?user=ada')
    await visitor.at('next', '/set?role=countess')
    expect(visitor.browser.jar.size).toBe(1)
    expect(await data(visitor, 'generic')).toEqual({ user: 'ada', role: 'countess' })
  })

  it('calls the hooks that were written for koa-generic-session', async () => {
    const options = {
      genSid: async (length: number) => `${'x'.repeat(length)}-${crypto.randomUUID()}`,
      valid: (_ctx: unknown, session: SessionData) => session.user !== 'eve',
      beforeSave: (_ctx: unknown, session: SessionData) => {
        session.saves = (session.saves ?? 0) + 1
      },
    }
    const visitor = await start({ generic: generic(options), next: next(options) })
    await visitor.at('generic', '/set?user=ada')
    await visitor.at('next', '/set?role=countess')
    expect(await data(visitor, 'generic')).toEqual({ user: 'ada', role: 'countess', saves: 2 })
    await visitor.at('generic', '/set?user=eve')
    expect(await data(visitor, 'next')).toEqual({})
    await visitor.at('next', '/set?user=grace')
    expect(sid(visitor)).toMatch(/^x{24}-/)
    expect(await data(visitor, 'generic')).toEqual({ user: 'grace', saves: 1 })
  })

  it('shares ids that travel in a header', async () => {
    const header: SessionOptions['sessionIdStore'] = {
      get() {
        return this.get('x-session') || undefined
      },
      set(sid) {
        this.set('x-session', sid)
      },
      reset() {
        this.remove('x-session')
      },
    }
    const options = { sessionIdStore: header }
    const visitor = await start({ generic: generic(options), next: next(options) })
    const ask = async (side: string, path: string, id = '') =>
      visitor.browser.get(path, { 'x-side': side, 'x-session': id })
    for (const [first, second] of [
      ['generic', 'next'],
      ['next', 'generic'],
    ] as const) {
      const id = String((await ask(first, '/set?user=ada')).headers['x-session'])
      const changed = await ask(second, '/set?role=countess', id)
      expect([changed.headers['x-session'], changed.cookies]).toEqual([id, []])
      expect((await ask(first, '/read', id)).json()).toMatchObject({
        user: 'ada',
        role: 'countess',
      })
      expect((await ask(second, '/logout', id)).headers).not.toHaveProperty('x-session')
      expect((await ask(first, '/read', id)).text).not.toContain('ada')
    }
  })

  describe.each([
    ['an array', (...keys: string[]) => keys],
    ['a Keygrip', (...keys: string[]) => new Keygrip(keys)],
  ])('with app.keys as %s', (_name, keys) => {
    it('believes the signatures of the other', async () => {
      const visitor = await start({
        generic: { ...generic(), keys: keys('a secret of both') },
        next: { ...next(), keys: keys('a secret of both') },
        stranger: { ...next(), keys: keys('another secret') },
      })
      await visitor.at('generic', '/set?user=ada')
      const twin = visitor.twin()
      await visitor.at('next', '/set?role=countess')
      expect(visitor.browser.cookie).toBe(twin.browser.cookie)
      expect(await data(visitor, 'generic')).toEqual({ user: 'ada', role: 'countess' })
      expect(await data(twin, 'stranger')).toEqual({})
    })

    it('rotates keys, and signs with the newest', async () => {
      const visitor = await start({
        'old keys': { ...generic(), keys: keys('an old secret') },
        generic: { ...generic(), keys: keys('a new secret', 'an old secret') },
        next: { ...next(), keys: keys('a new secret', 'an old secret') },
        'new keys': { ...generic(), keys: keys('a new secret') },
      })
      await visitor.at('old keys', '/set?user=ada')
      const before = sid(visitor)
      expect((await visitor.at('next', '/read')).cookies).toHaveLength(2)
      expect((await visitor.at('next', '/read')).cookies).toEqual([])
      expect(sid(visitor)).toBe(before)
      expect(await data(visitor, 'new keys')).toEqual({ user: 'ada' })
      expect(await data(visitor, 'generic')).toEqual({ user: 'ada' })
    })
  })

  it('takes over from its defer mode', async () => {
    const routes: Routes = {
      '/views': async (ctx) => {
        const session = await ctx.session
        session.views = (session.views ?? 0) + 1
        return session.views
      },
    }
    const visitor = await start({
      generic: { ...generic({ defer: true }), routes },
      next: { ...next({ defer: true, cookie: { maxAge: DAY } }), routes },
    })
    const views: unknown[] = []
    for (const side of ['generic', 'next', 'generic', 'next', 'next']) {
      views.push((await visitor.at(side, '/views')).json())
    }
    expect(views).toEqual([1, 2, 3, 4, 5])
  })

  it('keeps the cookie of a deferred session that is replaced before it was read', async () => {
    const visitor = await start({
      generic: generic({ cookie: { maxAge: HOUR } }),
      next: next({ defer: true, cookie: { maxAge: DAY } }),
    })
    await visitor.at('generic', '/set?user=ada')
    const before = sid(visitor)
    expectLifetime((await visitor.at('next', '/replace?user=grace')).cookies, HOUR)
    expectNear(await redis.pttl(key(visitor)), HOUR)
    expect(sid(visitor)).toBe(before)
    expect(await data(visitor, 'generic')).toEqual({ user: 'grace' })
  })
})

describe.each([
  ['MemoryStore', () => new MemoryStore()],
  ['RedisStore', () => ours],
])('%s as the store of koa-generic-session', (_name, make) => {
  let deployment: Deployment
  let visitor: Visitor
  const store = make()

  beforeAll(async () => {
    deployment = await deploy({
      generic: generic({ store }),
      'generic, rolling': generic({ store, rolling: true }),
      next: next({ store }),
    })
  })
  afterAll(() => deployment.close())
  beforeEach(() => {
    visitor = deployment.visitor()
  })
  afterEach(() => expect(deployment.errors).toEqual([]))

  it('keeps, changes and ends sessions', async () => {
    await visitor.at('generic', '/set?user=ada')
    await visitor.at('generic', '/set?role=countess')
    expect(await data(visitor, 'generic')).toEqual({ user: 'ada', role: 'countess' })
    await visitor.at('generic, rolling', '/read')
    await visitor.at('generic', '/delete?role')
    expect(await data(visitor, 'next')).toEqual({ user: 'ada' })
    const twin = visitor.twin()
    await visitor.at('generic', '/logout')
    expect(await data(twin, 'generic')).toEqual({})
    expect(await store.load(key(twin))).toBe(undefined)
  })

  it('regenerates, saves by hand and replaces', async () => {
    await visitor.at('generic', '/set?guest=yes')
    const twin = visitor.twin()
    await visitor.at('generic', '/regenerate?user=ada')
    await visitor.at('generic', '/save')
    expect(await data(visitor, 'generic')).toEqual({ user: 'ada' })
    expect(await data(twin, 'generic')).toEqual({})
    await visitor.at('generic', '/replace?user=grace')
    expect(await data(visitor, 'generic')).toEqual({ user: 'grace' })
    expect(await data(visitor, 'next')).toEqual({ user: 'grace' })
  })

  it('lets no session live for ever, where koa-generic-session names no TTL', async () => {
    await visitor.at('generic', '/set?user=ada')
    await visitor.at('generic', '/replace?user=grace')
    const remaining = await store.get(key(visitor))
    expect(remaining).toEqual({ user: 'grace' })
    if (store === ours) expect(await redis.pttl(key(visitor))).toBeGreaterThan(DAY - HOUR)
  })

  it('takes a tombstone for no session', async () => {
    await visitor.at('generic', '/set?user=ada')
    const twin = visitor.twin()
    await visitor.at('next', '/logout')
    expect(await store.load(key(twin))).toMatch(/^\d+e-\d+$/)
    expect(await store.get(key(twin))).toBe(undefined)
    expect(await data(twin, 'generic')).toEqual({})
  })

  it('hands out objects of their own: a change that was not saved is not seen', async () => {
    await visitor.at('generic', '/set?user=ada')
    const seen = await store.get(key(visitor))
    Object.assign(seen ?? {}, { user: 'eve' })
    expect(await data(visitor, 'generic')).toEqual({ user: 'ada' })
  })
})
