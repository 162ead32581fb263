import { Redis } from 'ioredis'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { RedisStore } from '../../src/stores/redis/store.js'
import { BASICS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const DAY = 86_400_000
const ROUTES: Routes = {
  ...BASICS,
  '/remember': (ctx) => {
    ctx.session.x = 1
    ctx.session.cookie.maxAge = 30 * DAY
  },
  '/until': (ctx) => {
    ctx.session.x = 1
    ctx.session.cookie.maxAge = 30 * DAY
    ctx.session.cookie.expires = new Date(1_800_000_000_000 + 1000)
  },
}

describe('a session on a clock of the test', () => {
  let time: number
  let site: Site
  afterEach(() => site.close())

  async function start(options: SiteOptions = {}) {
    time = 1_800_000_000_000
    const now = () => time
    site = await serve(ROUTES, { store: new MemoryStore({ now }), now, ...options })
    return site.browser()
  }
  const x = async (user: Awaited<ReturnType<typeof start>>) =>
    (await user.get('/read')).json<{ x?: number }>().x

  test.each<[string, SiteOptions, string, number]>([
    ['a day, if nothing else is said', {}, '/set', DAY],
    ['the ttl', { ttl: 5000 }, '/set', 5000],
    ['the ttl, whatever the cookie says', { ttl: 5000, cookie: { maxAge: 1000 } }, '/set', 5000],
    ['the cookie’s maxAge', { cookie: { maxAge: 7000 } }, '/set', 7000],
    ['the maxAge of this user', { cookie: { maxAge: 7000 } }, '/remember', 30 * DAY],
    ['the expires of this user before its maxAge', {}, '/until', 1000],
    [
      'a ttl that is a function of the session',
      { ttl: (session) => session.x * 9000 },
      '/set',
      9000,
    ],
    [
      'a ttl function that leaves it to the cookie',
      { ttl: () => null, cookie: { maxAge: 7000 } },
      '/set',
      7000,
    ],
    ['a fraction, rounded up', { ttl: 10.5 }, '/set', 11],
  ])('lasts %s', async (_name, options, path, lasting) => {
    const user = await start(options)
    await user.get(path)
    // The browser’s own expiry is not what is looked at here.
    const { cookie } = user
    time += lasting - 1
    expect((await user.get('/read', { cookie })).json()).toEqual({ x: 1 })
    time += 1
    expect((await user.get('/read', { cookie })).json()).toEqual({})
  })

  test('reading does not extend it, writing does', async () => {
    const user = await start({ ttl: 1000 })
    await user.get('/set')
    time += 900
    await user.get('/set')
    time += 900
    expect(await x(user)).toBe(2)
    time += 100
    expect(await x(user)).toBe(undefined)
  })

  test.each<[string, SiteOptions]>([
    ['ttl', { ttl: 1000 }],
    ['maxAge', { cookie: { maxAge: 1000 } }],
    ['a ttl function', { ttl: () => 1000 }],
  ])('rolling extends it with every request, by its %s', async (_name, options) => {
    const user = await start({ rolling: true, ...options })
    await user.get('/set')
    for (let round = 0; round < 5; round++) {
      time += 999
      expect(await x(user)).toBe(1)
    }
    time += 1000
    expect(await x(user)).toBe(undefined)
  })

  test('rolling keeps the longer life of one user', async () => {
    const user = await start({ rolling: true, cookie: { maxAge: 1000 } })
    await user.get('/remember')
    await user.get('/read')
    time += 20 * DAY
    expect(await x(user)).toBe(1)
  })

  test('a ttl function that returns nonsense is a clear error, and nothing is stored', async () => {
    const user = await start({ ttl: () => Number.NaN - 1 || -1 })
    expect((await user.get('/set')).status).toBe(500)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_DURATION' }])
    expect(user.cookie).toBe('')
  })
})

test('the deadlines that Redis holds are those', async () => {
  const client = new Redis(inject('redisUrl'))
  const store = new RedisStore({ client })
  const site = await serve(ROUTES, { store, ttl: 60_000, prefix: 'expiry:', rolling: true })
  const user = site.browser()
  await user.get('/set')
  const key = `expiry:${user.jar.get('koa.sid')}`
  const left = async () => client.pttl(key)
  expect(await left()).toBeGreaterThan(55_000)
  await client.pexpire(key, 5000)
  await user.get('/read')
  expect(await left()).toBeGreaterThan(55_000)
  await client.pexpire(key, 5000)
  await user.get('/set')
  expect(await left()).toBeGreaterThan(55_000)
  expect(await left()).toBeLessThanOrEqual(60_000)
  await site.close()
  store.close()
  await client.quit()
})
