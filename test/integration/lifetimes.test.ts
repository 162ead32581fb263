import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { FaultyStore, ManualClock } from '../../src/testing.js'
import { Gate } from '../support/gate.js'
import { BASICS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
let clock: ManualClock
let site: Site
beforeEach(() => {
  clock = new ManualClock()
})
afterEach(() => site.close())

const ROUTES: Routes = {
  ...BASICS,
  '/remember': async (ctx) => {
    const current = await ctx.session
    current.x = 1
    current.cookie.maxAge = 30 * DAY
  },
  '/short': (ctx) => {
    ctx.session.x = 1
    ctx.session.cookie.maxAge = HOUR / 2
  },
  '/until': (ctx) => {
    ctx.session.x = 1
    ctx.session.cookie.expires = new Date(clock.now() + 10 * DAY)
  },
  '/keep': async (ctx) => {
    const current = await ctx.session
    ctx.regenerateSession({ keep: Object.keys(current) })
  },
  '/keep/some': async (ctx) => {
    const current = await ctx.session
    current.y = 1
    ctx.regenerateSession({ keep: ['x'] })
  },
  '/keep/none': async (ctx) => {
    const current = await ctx.regenerateSession()
    current.x = 1
  },
  '/dated': async (ctx) => {
    ctx.session.cookie.maxAge = DAY
    return [await ctx.session.save(), ctx.sessionId, ctx.session.isNew]
  },
  '/empty': async (ctx) => [await ctx.saveSession(), ctx.sessionId],
}

async function start(options: SiteOptions = {}) {
  const store = new MemoryStore({ now: clock.now })
  site = await serve(ROUTES, { now: clock.now, store, ...options })
  const user = site.browser()
  const alive = async (cookie = user.cookie) => (await user.get('/read', { cookie })).text !== '{}'
  return { user, store, alive }
}

describe('a longer lifetime of one user, with a ttl that is a number', () => {
  test.each<[string, SiteOptions]>([
    ['as it is', { ttl: HOUR }],
    ['rolling', { ttl: HOUR, rolling: true }],
    ['with renew', { ttl: HOUR, renew: 0.5 }],
    ['deferred', { ttl: HOUR, defer: true }],
  ])('%s: README’s "remembers one user for thirty days" is true', async (_, options) => {
    const { user, alive } = await start(options)
    await user.get('/remember')
    const { cookie } = user
    clock.advance(30 * DAY - 1)
    expect(await alive(cookie)).toBe(true)
    if (options.rolling || options.renew) return
    clock.advance(1)
    expect(await alive(cookie)).toBe(false)
  })

  test('a fixed end counts in the same way', async () => {
    const { user, alive } = await start({ ttl: HOUR })
    await user.get('/until')
    const { cookie } = user
    clock.advance(10 * DAY - 1)
    expect(await alive(cookie)).toBe(true)
    clock.advance(1)
    expect(await alive(cookie)).toBe(false)
  })

  test('the absolute timeout ends it all the same', async () => {
    const { user, alive } = await start({ ttl: HOUR, absoluteTimeout: DAY })
    await user.get('/remember')
    const { cookie } = user
    clock.advance(DAY)
    expect(await alive(cookie)).toBe(false)
  })

  test('a shorter one shortens nothing in the store', async () => {
    const { user, alive } = await start({ ttl: HOUR })
    await user.get('/short')
    const { cookie } = user
    clock.advance(HOUR - 1)
    expect(await alive(cookie)).toBe(true)
  })
})

describe('cookie.expires as an option', () => {
  test.each<[string, SiteOptions]>([
    ['a ttl', { ttl: 30 * DAY }],
    ['a ttl, rolling', { ttl: 30 * DAY, rolling: true }],
    ['a ttl function', { ttl: () => 30 * DAY }],
    ['an absolute timeout', { ttl: 30 * DAY, absoluteTimeout: 60 * DAY }],
  ])('ends every session at that date, with %s', async (_, options) => {
    const expires = new Date(clock.now() + DAY)
    const { user, alive } = await start({ ...options, cookie: { expires } })
    await user.get('/set')
    const { cookie } = user
    clock.advance(DAY - 1)
    expect(await alive(cookie)).toBe(true)
    clock.advance(1)
    expect(await alive(cookie)).toBe(false)
  })

  test.each([
    undefined,
    60 * DAY,
  ])('ends sessions from before it was set, too (absoluteTimeout %s)', async (absoluteTimeout) => {
    const { user, store } = await start({ ttl: 30 * DAY, absoluteTimeout })
    await user.get('/set')
    const { cookie } = user
    const expires = new Date(clock.now() + DAY)
    const options = { store, now: clock.now, ttl: 30 * DAY, absoluteTimeout, cookie: { expires } }
    const later = await serve(ROUTES, options)
    clock.advance(DAY)
    expect((await user.get(`${later.origin}/read`, { cookie })).json()).toEqual({})
    await later.close()
  })
})

describe('regenerate', () => {
  test.each([
    false,
    true,
  ])('keeps this user’s cookie when all keys are kept (defer: %s)', async (defer) => {
    const { user, alive } = await start({ ttl: HOUR, defer })
    await user.get('/remember')
    expect((await user.get('/keep')).cookies[0]).toContain('; expires=')
    const { cookie } = user
    clock.advance(30 * DAY - 1)
    expect(await alive(cookie)).toBe(true)
  })

  test.each(['/keep/some', '/keep/none'])('does not keep it otherwise: %s', async (path) => {
    const { user } = await start()
    await user.get('/remember')
    expect((await user.get(path)).cookies[0]).not.toContain('; expires=')
  })
})

describe('an explicit save', () => {
  test('stores a new session that is empty, or only has a date', async () => {
    for (const path of ['/dated', '/empty']) {
      const { user, store } = await start()
      const reply = await user.get(path)
      expect(reply.json()).toEqual(expect.arrayContaining([true, user.jar.get('koa.sid')]))
      expect([reply.cookies.length, store.size]).toEqual([2, 1])
      await site.close()
    }
    await start()
  })

  test('of a session that is ended in the same request leaves nothing, and sends no cookie', async () => {
    const store = new MemoryStore()
    site = await serve(
      {
        '/both': async (ctx) => {
          await ctx.saveSession()
          await ctx.session.destroy()
        },
      },
      { store, tombstone: 0 },
    )
    const reply = await site.browser().get('/both')
    expect([reply.status, reply.cookies, store.size]).toEqual([200, [], 0])
  })
})

describe('ctx.sessionId with an async genSid', () => {
  test('is known after an awaited regenerate or save, and once it is made', async () => {
    let count = 0
    site = await serve(
      {
        '/regenerate': async (ctx) => {
          await ctx.regenerateSession()
          const id = ctx.sessionId
          ctx.session.x = 1
          return id
        },
        '/save': async (ctx) => {
          ctx.session.x = 1
          await ctx.session.save()
          return ctx.sessionId
        },
        '/wait': async (ctx) => {
          ctx.session.x = 1
          const early = ctx.sessionId
          await new Promise(setImmediate)
          return early ?? ctx.sessionId
        },
      },
      { genSid: async () => `an-id-made-later-${count++}` },
    )
    for (const path of ['/regenerate', '/save', '/wait', '/regenerate']) {
      const user = path === '/wait' ? site.browser() : site.browser()
      expect((await user.get(path)).json()).toBe(user.jar.get('koa.sid'))
    }
  })

  test('a genSid that fails fails the request, and nothing goes unhandled', async () => {
    const raised: unknown[] = []
    const note = (reason: unknown) => raised.push(reason)
    process.on('unhandledRejection', note)
    site = await serve(
      {
        '/move': (ctx) => {
          ctx.regenerateSession()
          ctx.session.x = 1
        },
      },
      { genSid: async () => Promise.reject(new Error('no entropy')) },
    )
    expect((await site.browser().get('/move')).status).toBe(500)
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect(raised).toEqual([])
  })
})

test('absoluteTimeout newly turned on: two requests that write at once do not conflict over the beginning', async () => {
  const store = new FaultyStore(new MemoryStore({ now: clock.now }))
  site = await serve(ROUTES, { store, now: clock.now })
  const user = site.browser()
  await user.get('/remember')
  const gate = new Gate()
  const limited = await serve(
    {
      '/slow': async (ctx) => {
        ctx.session.slow = true
        await gate.pass()
      },
      '/fast': (ctx) => {
        ctx.session.fast = true
      },
      ...BASICS,
    },
    { store, now: clock.now, absoluteTimeout: HOUR, onConflict: 'throw' },
  )
  const begun = clock.now()
  const slow = user.get(`${limited.origin}/slow`)
  await gate.arrived
  await user.get(`${limited.origin}/fast`)
  clock.advance(1000)
  gate.open()
  expect((await slow).status).toBe(200)
  const data = (await user.get(`${limited.origin}/read`)).json()
  expect(data).toEqual({ x: 1, fast: true, slow: true })
  const record = await store.load(`koa:sess:${user.jar.get('koa.sid')}`)
  expect(JSON.parse(record ?? '{}').cookie.created).toBe(begun)
  await limited.close()
})
