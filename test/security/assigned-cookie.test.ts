import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { ManualClock } from '../../src/testing.js'
import { BASICS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

// What the application assigns is data: only a record says what the store said.

const HOUR = 3_600_000
const DAY = 24 * HOUR
let clock: ManualClock
let store: MemoryStore
let site: Site
beforeEach(() => {
  clock = new ManualClock()
  store = new MemoryStore({ now: clock.now })
})
afterEach(() => site.close())

const ROUTES: Routes = {
  ...BASICS,
  '/body': (ctx) => {
    ctx.session = JSON.parse(ctx.get('x-body'))
  },
  '/merge': (ctx) => {
    Object.assign(ctx.session, JSON.parse(ctx.get('x-body')))
  },
  '/put': (ctx) => ctx.sessionStore.set(ctx.get('x-session'), JSON.parse(ctx.get('x-body'))),
  '/copy': async (ctx) => {
    ctx.session = (await ctx.sessionStore.get(ctx.get('x-session'))) ?? null
  },
  '/again': async (ctx) => {
    await ctx.sessionStore.set(String(ctx.sessionId), ctx.session)
  },
  '/spread': async (ctx) => {
    await ctx.sessionStore.set(String(ctx.sessionId), { ...ctx.session })
  },
  '/promise': (ctx) =>
    ctx.sessionStore.set('0123456789abcdef', Promise.resolve({}) as unknown as SessionData),
  '/remember': (ctx) => {
    ctx.session.x = 1
    ctx.session.cookie.maxAge = 7 * DAY
  },
  '/own': (ctx) => {
    ctx.session = { y: 1, cookie: ctx.session.cookie }
  },
}

async function start(options: SiteOptions = {}) {
  site = await serve(ROUTES, { store, now: clock.now, ...options })
  return site.browser()
}

const planted = () => ({
  maxAge: 400 * DAY,
  domain: 'evil.example',
  sameSite: 'strict',
  own: ['maxAge', 'domain', 'sameSite'],
  created: clock.now() + 400 * DAY,
})

describe('a request body that becomes the session', () => {
  test.each<[string, (path: string) => unknown]>([
    ['as a record spells it', () => planted()],
    ['a beginning in the future', () => ({ own: [], created: clock.now() + DAY })],
    ['plain attributes', () => ({ maxAge: 400 * DAY, domain: 'evil.example' })],
    ['nothing in it', () => ({})],
    ...[null, 5, true, 'a text', []].map((value): [string, () => unknown] => [
      JSON.stringify(value),
      () => value,
    ]),
  ])('is refused with a cookie in it: %s', async (_, cookie) => {
    const user = await start({ absoluteTimeout: HOUR })
    await user.get('/set')
    const body = JSON.stringify({ user: 'eve', cookie: cookie('') })
    const reply = await user.get('/body', { 'x-body': body })
    expect([reply.status, reply.cookies]).toEqual([500, []])
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_COOKIE' }])
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
    clock.advance(HOUR)
    expect((await user.get('/read')).json()).toEqual({})
  })

  test.each([
    null,
    5,
    true,
    'a text',
    [],
    { created: 1 },
    { own: ['maxAge'], maxAge: 400 * DAY },
  ])('sets no cookie key by key either: %j', async (cookie) => {
    const user = await start()
    await user.get('/set')
    const reply = await user.get('/merge', { 'x-body': JSON.stringify({ y: 1, cookie }) })
    expect([reply.status, reply.cookies.join().includes('expires')]).toEqual([500, false])
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_COOKIE' }])
  })

  test('may hold keys that look like the lifetime of koa-session', async () => {
    const user = await start()
    const body = { _expire: 1, _maxAge: 1000, _session: true }
    await user.get('/body', { 'x-body': JSON.stringify(body) })
    expect((await user.get('/read')).json()).toEqual(body)
    expect((await user.get('/read')).json()).toEqual(body)
  })
})

describe('the beginning of a session', () => {
  const bornAt = (user: { jar: Map<string, string> }) =>
    JSON.parse(store.load(`koa:sess:${user.jar.get('koa.sid')}`) ?? '{}').cookie?.created

  test('is never later than now, whatever a record says', async () => {
    const user = await start({ absoluteTimeout: HOUR })
    await user.get('/set')
    const key = `koa:sess:${user.jar.get('koa.sid')}`
    store.destroy(key)
    const cookie = { own: [], created: clock.now() + DAY }
    store.create(key, JSON.stringify({ x: 1, cookie }), clock.now() + DAY)
    await user.get('/set')
    expect(bornAt(user)).toBe(clock.now())
  })

  test('never moves later: with another session in its place, the earlier one counts', async () => {
    const user = await start({ absoluteTimeout: 2 * HOUR })
    await user.get('/set')
    const begun = clock.now()
    clock.advance(HOUR)
    const other = site.browser()
    await other.get('/remember')
    await user.get('/copy', { 'x-session': other.jar.get('koa.sid') ?? '' })
    expect(bornAt(user)).toBe(begun)
    clock.advance(HOUR)
    expect((await user.get('/read')).json()).toEqual({})
  })

  test('is not set by ctx.sessionStore.set', async () => {
    const user = await start({ absoluteTimeout: HOUR })
    await user.get('/set')
    const begun = clock.now()
    clock.advance(HOUR / 2)
    const body = JSON.stringify({ user: 'ada', cookie: { own: [], created: clock.now() + DAY } })
    await user.get('/put', { 'x-body': body, 'x-session': user.jar.get('koa.sid') ?? '' })
    expect(bornAt(user)).toBe(begun)
  })
})

describe('ctx.sessionStore.set', () => {
  test.each([
    '/again',
    '/spread',
  ])('of one’s own session (%s) keeps its cookie and its age', async (path) => {
    const user = await start({ absoluteTimeout: 30 * DAY })
    await user.get('/remember')
    const begun = clock.now()
    clock.advance(HOUR)
    expect((await user.get(path)).status).toBe(200)
    const record = JSON.parse(store.load(`koa:sess:${user.jar.get('koa.sid')}`) ?? '{}')
    expect(record).toMatchObject({ x: 1, cookie: { maxAge: 7 * DAY, created: begun } })
    clock.advance(7 * DAY - 1)
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
  })

  test.each([null, 5, true, 'a text'])('refuses %j as a cookie', async (cookie) => {
    const user = await start()
    const headers = { 'x-body': JSON.stringify({ cookie }), 'x-session': '0123456789abcdef' }
    expect((await user.get('/put', headers)).status).toBe(500)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_COOKIE' }])
  })

  test('refuses a promise: an await was forgotten', async () => {
    const user = await start()
    expect((await user.get('/promise')).status).toBe(500)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_VALUE' }])
  })
})

test('the cookie of a session can be given to another object', async () => {
  const user = await start()
  await user.get('/remember')
  expect((await user.get('/own')).cookies[0]).toContain('; expires=')
  expect((await user.get('/read')).json()).toEqual({ y: 1 })
})

test('a key cookie that was defined on the session is refused when it is stored', async () => {
  site = await serve({
    '/define': (ctx) => {
      Object.defineProperty(ctx.session, 'cookie', { value: 5, enumerable: true })
    },
  })
  expect((await site.browser().get('/define')).status).toBe(500)
  expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_COOKIE' }])
})
