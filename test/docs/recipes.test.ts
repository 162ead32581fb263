import { createHmac } from 'node:crypto'
import { Redis } from 'ioredis'
import Keygrip from 'keygrip'
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest'
import { freePort } from '../services/server.js'
import type { Browser } from '../support/browser.js'
import { visitRecipe } from './guide.js'

// What each recipe is there for. That every program runs is shown in docs.test.ts.

const HOUR = 3_600_000
const DAY = 24 * HOUR

const clients = new Set<Redis>()
const { connect } = Redis.prototype

beforeEach(() => {
  vi.stubEnv('REDIS_URL', inject('redisUrl'))
  // A program leaves its client open, and one without a server tries again for ever.
  vi.spyOn(Redis.prototype, 'connect').mockImplementation(function (this: Redis) {
    clients.add(this)
    return connect.call(this)
  })
})
afterEach(() => {
  for (const client of clients) client.disconnect()
  clients.clear()
  vi.restoreAllMocks()
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

const visit = (
  heading: string,
  act: (browsers: [Browser, ...Browser[]]) => Promise<unknown>,
  nth = 0,
) => visitRecipe('recipes.md', heading, act, nth)

const textOf = async (browser: Browser, path = '/') => (await browser.get(path)).text

/** As many requests of one session at once. */
function atOnce<T>(count: number, send: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, send))
}

test('Passport: a login moves to a new id, and a logout ends it', () =>
  visit('Passport', async ([browser]) => {
    expect((await browser.post('/login?user=ada&password=wrong')).status).toBe(401)
    const login = '/login?user=ada&password=analytical'
    expect((await browser.post(login)).status).toBe(302)
    const before = browser.cookie
    await browser.post(login)
    expect(await textOf(browser)).toBe('hello Ada Lovelace')
    const after = browser.cookie
    expect(after).not.toBe(before)
    await browser.post('/logout')
    expect(await textOf(browser)).toBe('hello guest')
    for (const cookie of [before, after])
      expect((await browser.get('/', { cookie })).text).toBe('hello guest')
  }))

test('remember me: only a remembered session outlives the hour, for 30 days without a visit', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  await visit('Remember me', async ([browser]) => {
    const wait = (ms: number) => vi.setSystemTime(Date.now() + ms)
    const { cookies } = await browser.post('/login')
    expect(cookies.join()).not.toContain('expires=')
    wait(HOUR)
    expect(await textOf(browser)).toBe('hello guest')
    const remembered = await browser.post('/login?remember=on')
    const [, expires = ''] = /expires=([^;]+)/.exec(remembered.cookies.join()) ?? []
    expect(Math.round((Date.parse(expires) - Date.now()) / DAY)).toBe(30)
    // The second visit is beyond the 30 days of the login, and within those of the first visit.
    wait(20 * DAY)
    expect(await textOf(browser)).toBe('hello ada')
    wait(20 * DAY)
    expect(await textOf(browser)).toBe('hello ada')
    const { cookie } = browser
    wait(30 * DAY)
    expect((await browser.get('/', { cookie })).text).toBe('hello guest')
  })
})

test('CSRF: a post needs the token of its session, in a header or a form', () =>
  visit('CSRF tokens', async ([browser]) => {
    const [, token = ''] = /value="([^"]+)"/.exec(await textOf(browser)) ?? []
    const statusOf = async (headers: Record<string, string>, body?: string) =>
      (await browser.post('/', headers, body)).status
    expect(await statusOf({ 'x-csrf-token': token })).toBe(200)
    expect(await statusOf({}, `csrf=${token}`)).toBe(200)
    expect(await statusOf({}, 'csrf=')).toBe(403)
    expect(await statusOf({ 'x-csrf-token': token.toLowerCase() })).toBe(403)
    expect(await statusOf({ 'x-csrf-token': token, cookie: 'koa.sid=' })).toBe(403)
    expect(await statusOf({ cookie: 'koa.sid=' }, 'csrf=')).toBe(403)
  }))

test('flash: every message is shown exactly once, however many pages load', () =>
  visit('Flash messages', async ([browser]) => {
    const replies = () => atOnce(12, () => browser.get('/'))
    const messages = async () =>
      (await replies()).flatMap((reply) => reply.json<{ messages: string[] }>().messages)
    expect((await browser.post('/')).status).toBe(303)
    expect(await messages()).toEqual(['Your profile was saved'])
    await atOnce(6, () => browser.post('/'))
    expect(await messages()).toHaveLength(6)
    expect(await messages()).toEqual([])
  }))

test('Express and Koa share a login and a logout', () =>
  visit('Express and Koa, one login', async ([koa, express]) => {
    if (!express) throw new Error('There is no Express app')
    await koa.post('/login')
    const { cookie } = koa
    expect(cookie).toMatch(/^connect\.sid=s%3A/)
    expect((await express.get('/', { cookie })).text).toBe('Express: ada')
    await express.post('/logout', { cookie })
    expect(await textOf(koa)).toBe('Koa: guest')
    expect((await koa.get('/', { cookie: 'connect.sid=%' })).text).toBe('Koa: guest')
  }))

test('Koa goes on with a session that connect-redis stored', () =>
  visit('Express and Koa, one login', async ([koa]) => {
    const sid = 'written-by-connect-redis-01234567'
    const client = new Redis(inject('redisUrl'))
    const expires = new Date(Date.now() + HOUR).toISOString()
    const cookie = { originalMaxAge: HOUR, expires, httpOnly: true, path: '/' }
    await client.set(`sess:${sid}`, JSON.stringify({ cookie, user: 'grace' }), 'PX', HOUR)
    const mac = createHmac('sha256', 'the secret of express-session').update(sid).digest('base64')
    const value = encodeURIComponent(`s:${sid}.${mac.replace(/=+$/, '')}`)
    expect((await koa.get('/', { cookie: `connect.sid=${value}` })).text).toBe('Koa: grace')
    await client.del(`sess:${sid}`)
    client.disconnect()
  }))

test('JSON errors: what may be shown is shown, with a code', () =>
  visit('JSON errors of an API', async ([browser]) => {
    const { status, ...reply } = await browser.get('/me')
    expect(status).toBe(401)
    expect(reply.json()).toEqual({ error: { code: 'LOGIN_NEEDED', message: 'log in first' } })
  }))

test('JSON errors: a store that is away is a 503 with Retry-After, and nothing of it is shown', async () => {
  vi.stubEnv('REDIS_URL', `redis://127.0.0.1:${await freePort()}`)
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  await visit('JSON errors of an API', async ([browser]) => {
    const id = 'a-session-id-of-the-test'
    const signature = Keygrip(['a long random secret']).sign(`koa.sid=${id}`)
    const reply = await browser.get('/', { cookie: `koa.sid=${id}; koa.sid.sig=${signature}` })
    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '1'])
    const message = 'Service Unavailable'
    expect(reply.json()).toEqual({ error: { code: 'ERR_SESSION_UNAVAILABLE', message } })
  })
})

test('the error page: an error has its text, and the session is saved all the same', () =>
  visit('An error page', async ([browser]) => {
    const missing = await browser.get('/missing')
    expect([missing.status, missing.headers['content-type']]).toEqual([
      404,
      'text/html; charset=utf-8',
    ])
    expect(missing.text).toContain('There is no such page.')
    const id = browser.jar.get('koa.sid')
    expect(id).toBeTypeOf('string')
    const { status, text } = await browser.get('/account')
    expect([status, text]).toEqual([401, expect.stringContaining('log in')])
    expect(browser.jar.get('koa.sid')).toBe(id)
  }))

test('behind a proxy: the cookie is Secure when the proxy says HTTPS', () =>
  visit('Behind a proxy', async ([browser]) => {
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' }
    const { text, cookies } = await browser.get('/', forwarded)
    expect([text, cookies.join()]).toEqual([
      'https from 192.0.2.1',
      expect.stringContaining('; secure'),
    ])
    browser.jar.clear()
    expect((await browser.get('/')).cookies.join()).not.toContain('; secure')
  }))

test('behind a proxy without the header: the cookie is Secure, and no header of a client counts', () =>
  visit(
    'Behind a proxy',
    async ([browser]) => {
      const { text, cookies } = await browser.get('/', { 'x-forwarded-proto': 'http' })
      expect([text, cookies[0]]).toEqual([
        'https, secure: true',
        expect.stringMatching(/^__Host-sid=.+; secure/),
      ])
    },
    1,
  ))

test('other handlers: the session is saved before they answer', () =>
  visit('Next and other handlers', async ([browser]) => {
    const { status, text, cookies } = await browser.get('/')
    expect([status, text, cookies.length]).toEqual([200, '<p>1 views</p>', 2])
    expect(await textOf(browser)).toBe('<p>2 views</p>')
  }))

test('a resolver without a context: each request finds its own session', () =>
  visit('A resolver without a context', async ([browser]) => {
    const ask = async (field: string, cookie: string) =>
      (await browser.get(`/?${field}`, { cookie })).json<{ data: object }>().data
    const cookies: string[] = []
    for (const user of ['ada', 'grace', 'mary']) {
      await browser.get(`/?field=login&user=${user}`)
      cookies.push(browser.cookie)
      browser.jar.clear()
    }
    const users = await Promise.all(cookies.map((cookie) => ask('field=me', cookie)))
    expect(users).toEqual([{ me: 'ada' }, { me: 'grace' }, { me: 'mary' }])
    const [first = ''] = cookies
    expect(await ask('field=logout', first)).toEqual({ logout: true })
    expect(await ask('field=me', first)).toEqual({ me: null })
  }))

test('mounted apps share one session and one cookie with the outer app', () =>
  visit('Mounted apps', async ([browser]) => {
    await browser.get('/')
    const shop = await browser.get('/shop/tea')
    expect(shop.json()).toEqual({ user: 'ada', cart: ['/shop/tea'] })
    expect((await browser.get('/')).json()).toEqual({ user: 'ada', cart: ['/shop/tea'] })
    expect([...browser.jar.keys()]).toEqual(['koa.sid', 'koa.sid.sig'])
  }))

test('several sessions: one ends, and the other goes on', () =>
  visit('Several sessions in one app', async ([browser]) => {
    const see = async (path: string) => (await browser.get(path)).json()
    expect(await see('/')).toEqual({ visits: 1, isAdmin: false })
    const login = await browser.get('/admin/login')
    expect(login.cookies).toContainEqual(
      expect.stringMatching(/^admin\.sid=.*; path=\/admin; samesite=strict/),
    )
    expect(await see('/admin/')).toEqual({ visits: 3, isAdmin: true })
    expect(await see('/administrator')).toEqual({ visits: 4, isAdmin: false })
    await see('/admin/logout')
    expect(await see('/admin/')).toEqual({ visits: 6, isAdmin: false })
  }))

test('tenants: the cookie of one finds nothing at another', () =>
  visit('Tenants', async ([browser]) => {
    const at = (host: string) => browser.get('/', { host, cookie })
    await browser.post('/login', { host: 'acme.example' })
    const { cookie } = browser
    expect((await at('acme.example')).text).toBe('acme: ada')
    expect((await at('globex.example')).text).toBe('globex: guest')
    expect((await at('other.example')).status).toBe(404)
  }))
