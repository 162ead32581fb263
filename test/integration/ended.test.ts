import { afterEach, describe, expect, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { FaultyStore, ManualClock } from '../../src/testing.js'
import { SOME } from '../support/backends.js'
import { Gates } from '../support/gate.js'
import { BASICS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

let gates: Gates
let site: Site
afterEach(() => site.close())

const login: Routes[string] = async (ctx) => {
  await ctx.regenerateSession()
  const current = await ctx.session
  current.user = 'ada'
  return ctx.sessionId
}

const ROUTES: Routes = {
  ...BASICS,
  '/login': login,
  '/login/session': async (ctx) => {
    const { session } = ctx
    await new Promise((resolve) => session.regenerate(resolve))
    ctx.session.user = 'ada'
    await new Promise((resolve) => ctx.session.save(resolve))
  },
  '/login/early': async (ctx) => {
    ctx.regenerateSession()
    const current = await ctx.session
    current.user = 'ada'
    return ctx.saveSession()
  },
  '/kick': (ctx) => ctx.sessionStore.destroy(ctx.get('x-session')),
  '/implicit': async (ctx) => {
    const current = await ctx.session
    current.user = 'eve'
    return ctx.saveSession()
  },
  '/claim': async (ctx) => {
    const current = await ctx.session
    await gates.pass(ctx.get('x-gate'))
    return current.update((draft: SessionData) => {
      draft.claimed = true
      return true
    })
  },
  '/save': async (ctx) => {
    const current = await ctx.session
    current.x = 9
    await gates.pass(ctx.get('x-gate'))
    return [await ctx.saveSession(), await current.save()]
  },
  '/saved': (ctx) => ctx.saveSession(),
}

async function start(options: SiteOptions = {}, routes: Routes = {}) {
  gates = new Gates()
  site = await serve({ ...ROUTES, ...routes }, options)
  const user = site.browser()
  const kick = () =>
    site.browser().get('/kick', { 'x-session': user.jar.get(options.key ?? 'koa.sid') ?? '' })
  return { user, kick }
}

describe.each(SOME)('a session that another request ended, on $name', ({ open }) => {
  test('five slow updates all reject with ERR_SESSION_ENDED, a 409, and none claims that it was stored', async () => {
    const opened = await open()
    const { user } = await start({ store: opened.store, prefix: opened.prefix })
    await user.get('/set')
    const names = ['1', '2', '3', '4', '5']
    const claims = names.map((name) => user.get('/claim', { 'x-gate': name }))
    await Promise.all(names.map((name) => gates.arrived(name)))
    await user.get('/logout')
    for (const name of names) gates.open(name)
    const replies = await Promise.all(claims)
    expect(replies.map(({ status }) => status)).toEqual([409, 409, 409, 409, 409])
    expect(replies.flatMap(({ cookies }) => cookies)).toEqual([])
    expect(new Set(site.errors.map((error) => Reflect.get(error, 'code')))).toEqual(
      new Set(['ERR_SESSION_ENDED']),
    )
    await opened.close()
  })

  test('an explicit save resolves to false and does not reject; a stored one to true', async () => {
    const opened = await open()
    const { user } = await start({ store: opened.store, prefix: opened.prefix })
    await user.get('/set')
    expect((await user.get('/saved')).json()).toBe(true)
    const slow = user.get('/save', { 'x-gate': 'g' })
    await gates.arrived('g')
    await user.get('/logout')
    gates.open('g')
    const reply = await slow
    expect([reply.status, reply.json(), reply.cookies]).toEqual([200, [false, false], []])
    expect(site.events).toEqual(['gone'])
    await opened.close()
  })

  test('a login after a kick gets a new session under a new id, cookie included', async () => {
    const opened = await open()
    const { user, kick } = await start({ store: opened.store, prefix: opened.prefix })
    for (const path of ['/login', '/login/session', '/login/early']) {
      await user.get('/set')
      const id = user.jar.get('koa.sid')
      expect((await kick()).json()).toBe(true)
      const reply = await user.get(path)
      expect([reply.status, reply.cookies.length]).toEqual([200, 2])
      expect(user.jar.get('koa.sid')).not.toBe(id)
      expect((await user.get('/read')).json()).toEqual({ user: 'ada' })
    }
    await opened.close()
  })
})

describe('a session that ended moments ago', () => {
  test.each<[string, SiteOptions]>([
    ['rolling', { rolling: true }],
    ['deferred', { defer: true }],
    ['deferred and rolling', { defer: true, rolling: true }],
    ['with hashed ids', { hashIds: true }],
    ['with a hash on the way', { hashIds: { plainUntil: new Date('2100-01-01') } }],
    ['with an absolute timeout', { absoluteTimeout: 3_600_000 }],
    ['with ids made asynchronously', { genSid: async () => `made-later-${Math.random()}` }],
  ])('lets a login begin anew (%s), after a kick and after an answer that was lost', async (_, options) => {
    const clock = new ManualClock()
    const { user, kick } = await start({
      ...options,
      now: clock.now,
      store: new MemoryStore({ now: clock.now }),
    })
    await user.get('/set')
    await kick()
    await user.get('/login')
    expect((await user.get('/read')).json()).toEqual({ user: 'ada' })
    const { cookie } = user
    await user.get('/login')
    const lost = await user.get('/login', { cookie })
    expect([lost.status, lost.cookies.length]).toEqual([200, 2])
    expect(lost.json()).toBe(user.jar.get('koa.sid'))
    expect((await user.get('/read')).json()).toEqual({ user: 'ada' })
    expect((await user.get('/read', { cookie })).json()).toEqual({})
  })

  test('stays blocked for everything but an explicit regenerate', async () => {
    const { user, kick } = await start()
    await user.get('/set')
    await kick()
    const implicit = await user.get('/implicit')
    expect([implicit.json(), implicit.cookies]).toEqual([false, []])
    expect((await user.get('/set')).cookies).toEqual([])
    expect((await user.get('/claim', { 'x-gate': gates.open('g') ?? 'g' })).status).toBe(409)
    expect((await user.get('/read')).json()).toEqual({})
  })

  test('stays blocked for a login in a request that began before the end, deferred or not', async () => {
    for (const defer of [false, true]) {
      const clock = new ManualClock()
      const { user } = await start(
        { defer, now: clock.now },
        {
          '/slow': async (ctx) => {
            await gates.pass('g')
            return login(ctx)
          },
        },
      )
      await user.get('/set')
      const slow = user.get('/slow')
      await gates.arrived('g')
      await user.get('/logout')
      gates.open('g')
      expect((await slow).cookies).toEqual([])
      if (!defer) await site.close()
    }
  })

  test('lets no login begin anew where its end is still under way', async () => {
    const store = new FaultyStore(new MemoryStore())
    const { user } = await start({ store })
    await user.get('/set')
    const end = store.hold('replace', { at: 'after' })
    const logout = user.get('/logout')
    await end.arrived
    expect((await user.get('/login')).cookies).toEqual([])
    end.release()
    await logout
  })
})

test('errorHandler that returns: a save that was not stored resolves to false', async () => {
  const store = new FaultyStore(new MemoryStore())
  const { user } = await start({ store, errorHandler: () => undefined })
  await user.get('/set')
  store.fail('replace', { times: 2 })
  gates.open('g')
  expect((await user.get('/save', { 'x-gate': 'g' })).json()).toEqual([false, false])
})
