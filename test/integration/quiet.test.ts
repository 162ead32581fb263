import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { FaultyStore, ManualClock } from '../../src/testing.js'
import { SOME } from '../support/backends.js'
import { Gate } from '../support/gate.js'
import { BASICS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

// ctx.sessionSave = false: the request writes and extends nothing by itself.

const HOUR = 3_600_000
let gate: Gate
let clock: ManualClock
let site: Site
beforeEach(() => {
  gate = new Gate()
  clock = new ManualClock()
})
afterEach(() => site.close())

const ROUTES: Routes = {
  ...BASICS,
  '/poll': async (ctx) => {
    ctx.sessionSave = false
    return { ...(await ctx.session) }
  },
  '/poll/late': async (ctx) => {
    const current = { ...(await ctx.session) }
    ctx.sessionSave = false
    return current
  },
  '/poll/slow': async (ctx) => {
    ctx.sessionSave = false
    await gate.pass()
  },
  '/poll/unused': (ctx) => {
    ctx.sessionSave = false
  },
  '/preset': () => 'nothing of the session',
  '/save': async (ctx) => {
    ctx.sessionSave = false
    const current = await ctx.session
    current.saved = true
    const saved = await ctx.saveSession()
    current.lost = true
    return saved
  },
  '/update': async (ctx) => {
    ctx.sessionSave = false
    await ctx.updateSession((draft) => {
      draft.updated = true
    })
    const current = await ctx.session
    current.lost = true
  },
  '/destroy': async (ctx) => {
    ctx.sessionSave = false
    const current = await ctx.session
    await current.destroy()
  },
  '/remember': async (ctx) => {
    const current = await ctx.session
    current.x = 1
    current.cookie.maxAge = 30 * 24 * HOUR
  },
}

async function start(options: SiteOptions = {}) {
  const store = new FaultyStore(new MemoryStore({ now: clock.now }))
  const rolling = { rolling: true, ttl: HOUR, now: clock.now, store }
  site = await serve(ROUTES, {
    ...rolling,
    before: [
      (ctx, next) => {
        if (ctx.path === '/preset') ctx.sessionSave = false
        return next()
      },
    ],
    ...options,
  })
  const user = site.browser()
  const cookieOf = async (path: string) => {
    await user.get(path)
    return user.cookie
  }
  return { user, store, cookieOf }
}

describe.each<[string, SiteOptions]>([
  ['a numeric ttl', {}],
  ['a numeric ttl, deferred', { defer: true }],
  ['the maxAge of the cookie', { ttl: undefined, cookie: { maxAge: HOUR } }],
  ['an absolute timeout', { absoluteTimeout: 8 * HOUR }],
  ['a ttl function', { ttl: () => HOUR }],
  ['renew', { renew: 0.9 }],
])('rolling by %s', (_, options) => {
  test.each([
    '/poll',
    '/poll/late',
    '/poll/unused',
    '/preset',
  ])('%s does not keep an idle user in', async (path) => {
    const { user, cookieOf } = await start(options)
    const cookie = await cookieOf('/set')
    for (let round = 0; round < 3; round++) {
      clock.advance(HOUR / 4)
      const reply = await user.get(path, { cookie })
      expect([reply.status, reply.cookies]).toEqual([200, []])
      expect((await user.get('/poll', { cookie })).json()).toEqual({ x: 1 })
    }
    clock.advance(HOUR / 4)
    expect((await user.get('/poll', { cookie })).json()).toEqual({})
  })

  test('a request without it extends the session as before, also after a poll', async () => {
    const { user, cookieOf } = await start(options)
    const cookie = await cookieOf('/set')
    for (let round = 0; round < 5; round++) {
      clock.advance(HOUR / 2)
      await user.get('/poll', { cookie })
      expect((await user.get('/read', { cookie })).json()).toEqual({ x: 1 })
    }
  })
})

describe('with a numeric ttl', () => {
  test('a poll takes nothing away from a request that extends the session while it waits', async () => {
    const { user, cookieOf } = await start()
    const cookie = await cookieOf('/set')
    clock.advance(HOUR / 2)
    const slow = user.get('/poll/slow', { cookie })
    await gate.arrived
    clock.advance(HOUR / 4)
    await user.get('/read', { cookie })
    gate.open()
    await slow
    clock.advance(HOUR / 2)
    expect((await user.get('/poll', { cookie })).json()).toEqual({ x: 1 })
  })

  test('set before the middleware, or before a deferred read, it costs one command', async () => {
    for (const [path, defer] of [
      ['/preset', false],
      ['/poll', true],
    ] as const) {
      const { user, store, cookieOf } = await start({ defer })
      const cookie = await cookieOf('/set')
      store.calls.length = 0
      await user.get(path, { cookie })
      const calls = store.calls.map(({ method, args }) => [method, args[0]])
      expect(calls).toEqual([['load', undefined]])
      await site.close()
    }
    await start()
  })

  test('set before the middleware, it counts in the first request of an app as well', async () => {
    const { store, cookieOf } = await start()
    const cookie = await cookieOf('/set')
    await site.close()
    await start({ store })
    clock.advance(HOUR / 2)
    store.calls.length = 0
    await site.browser().get('/preset', { cookie })
    expect(store.calls.map(({ method, args }) => [method, args[0]])).toEqual([['load', undefined]])
  })

  test('a longer life of this user is not cut to the ttl', async () => {
    const { user, cookieOf } = await start()
    const cookie = await cookieOf('/remember')
    await user.get('/poll', { cookie })
    clock.advance(20 * 24 * HOUR)
    expect((await user.get('/poll', { cookie })).json()).toEqual({ x: 1 })
  })

  test('the store never keeps a session beyond its absolute end', async () => {
    const { user, store, cookieOf } = await start({ absoluteTimeout: 1.5 * HOUR })
    const cookie = await cookieOf('/set')
    const other = await serve(ROUTES, {
      store,
      now: clock.now,
      ttl: HOUR,
      rolling: true,
      absoluteTimeout: 1.5 * HOUR,
    })
    clock.advance(0.9 * HOUR)
    store.calls.length = 0
    // This process does not know the deadline before.
    await user.get(`${other.origin}/poll`, { cookie })
    const deadlines = store.calls.map(({ method, args }) => [method, args[0]])
    expect(deadlines.at(-1)).toEqual(['touch', clock.now() + 0.6 * HOUR])
    await other.close()
  })
})

describe.each(SOME)('an explicit save under sessionSave = false, on $name', ({ open }) => {
  test('stores, and what follows it is not stored', async () => {
    const opened = await open()
    site = await serve(ROUTES, { store: opened.store, prefix: opened.prefix })
    const user = site.browser()
    expect((await user.get('/save')).json()).toBe(true)
    expect((await user.get('/read')).json()).toEqual({ saved: true })
    await user.get('/update')
    expect((await user.get('/read')).json()).toEqual({ saved: true, updated: true })
    expect((await user.get('/destroy')).cookies).toHaveLength(2)
    expect((await opened.records()).size).toBe(0)
    await opened.close()
  })
})
