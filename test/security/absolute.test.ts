import { afterEach, describe, expect, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { SOME } from '../support/backends.js'
import { BASICS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const HOUR = 3_600_000
const ROUTES: Routes = {
  ...BASICS,
  '/login': async (ctx) => {
    ctx.regenerateSession({ keep: ['x'] })
    const current = await ctx.session
    current.user = 'ada'
  },
  '/replace': (ctx) => {
    ctx.session = { fresh: Math.random() }
  },
  '/update': (ctx) =>
    ctx.updateSession((draft) => {
      draft.x = (draft.x ?? 0) + 1
    }),
  '/again': (ctx) => {
    ctx.session = null
    ctx.session = { again: true }
  },
  '/from-login': async (ctx) => {
    ctx.session = null
    const current = await ctx.regenerateSession()
    current.user = 'ada'
  },
}

const START = 1_800_000_000_000
let time: number
let site: Site
afterEach(() => site.close())

async function start(options: SiteOptions = {}) {
  time = START
  const now = () => time
  const store = new MemoryStore({ now })
  site = await serve(ROUTES, { store, now, ttl: HOUR, absoluteTimeout: 8 * HOUR, ...options })
  const user = site.browser()
  const left = () => {
    const key = `koa:sess:${user.jar.get('koa.sid')}`
    for (let ms = 0; ms <= 9 * HOUR; ms += HOUR / 4) {
      const then = time
      time += ms
      const gone = store.load(key) === undefined
      time = then
      if (gone) return ms
    }
    return Number.POSITIVE_INFINITY
  }
  return { user, store, left }
}

describe.each([
  { rolling: false, defer: false },
  { rolling: true, defer: false },
  { rolling: true, defer: true },
])('E2: the absolute timeout (rolling $rolling, defer $defer)', (mode) => {
  test.each([
    '/set',
    '/login',
    '/replace',
    '/update',
  ])('steady traffic by %s does not outlive it', async (path) => {
    const { user, left } = await start(mode)
    await user.get('/set')
    for (let half = 1; half < 16; half++) {
      time = START + (half * HOUR) / 2
      await user.get(path)
      // E5: the store keeps it for the idle timeout, or what is left of the absolute one.
      expect(left()).toBe(Math.min(HOUR, START + 8 * HOUR - time))
      expect((await user.get('/read')).json()).not.toEqual({})
    }
    const { cookie } = user
    time = START + 8 * HOUR
    expect((await user.get('/read', { cookie })).json()).toEqual({})
  })

  test('a session that was ended and begun again is new', async () => {
    const { user } = await start(mode)
    await user.get('/set')
    time = START + HOUR / 2
    await user.get('/again')
    time = START + HOUR / 2 + HOUR - 1
    expect((await user.get('/read')).json()).toEqual({ again: true })
  })
})

describe('E2', () => {
  test('counts from the login where null comes before the new id', async () => {
    const { user, left } = await start()
    await user.get('/set')
    const { cookie } = user
    for (let half = 1; half < 16; half++) {
      time = START + (half * HOUR) / 2
      await user.get('/set')
    }
    await user.get('/from-login')
    expect(left()).toBe(HOUR)
    time = START + 8 * HOUR
    expect((await user.get('/read')).json()).toEqual({ user: 'ada' })
    expect((await user.get('/read', { cookie })).json()).toEqual({})
  })

  test('reading alone rolls on to it, and no further', async () => {
    const { user, left } = await start({ rolling: true })
    await user.get('/set')
    for (let half = 1; half < 16; half++) {
      time = START + (half * HOUR) / 2
      expect((await user.get('/read')).json()).toEqual({ x: 1 })
      expect(left()).toBe(Math.min(HOUR, START + 8 * HOUR - time))
    }
    time = START + 8 * HOUR
    expect((await user.get('/read')).json()).toEqual({})
    expect(site.events).toEqual(['missed'])
  })

  test('the browser’s cookie ends with it too', async () => {
    const { user } = await start({ rolling: true, cookie: { maxAge: 6 * HOUR } })
    const until = ([line]: string[]) => Date.parse(/expires=([^;]+)/.exec(line ?? '')?.[1] ?? '')
    expect(until((await user.get('/set')).cookies)).toBe(START + 6 * HOUR)
    time = START + HOUR / 2
    await user.get('/set')
    time = START + HOUR
    expect(until((await user.get('/set')).cookies)).toBe(START + 7 * HOUR)
    for (let half = 3; half <= 6; half++) {
      time = START + (half * HOUR) / 2
      const { cookies } = await user.get('/set')
      expect(until(cookies)).toBe(Math.min(time + 6 * HOUR, START + 8 * HOUR))
    }
  })

  test.each([
    false,
    true,
  ])('a session from before begins with its next write (rolling: %s)', async (rolling) => {
    const { user, store } = await start({ absoluteTimeout: undefined, rolling })
    await user.get('/set')
    const now = () => time
    const options = { store, now, ttl: HOUR, rolling, absoluteTimeout: 2 * HOUR }
    const limited = await serve(ROUTES, options)
    const begin = rolling ? '/read' : '/set'
    for (let half = 1; half <= 4; half++) {
      time = START + (half * HOUR) / 2
      await user.get(`${limited.origin}${half === 1 ? begin : '/set'}`)
      expect((await user.get(`${limited.origin}/read`)).json()).toHaveProperty('x')
    }
    time = START + HOUR / 2 + 2 * HOUR
    expect((await user.get(`${limited.origin}/read`)).json()).toEqual({})
    await limited.close()
  })
})

describe.each(SOME)('E2 on $name', ({ open }) => {
  test('is kept in the record and comes back', async () => {
    const opened = await open()
    time = Date.now()
    const now = () => time
    site = await serve(ROUTES, {
      store: opened.store,
      prefix: opened.prefix,
      now,
      ttl: HOUR,
      absoluteTimeout: 2 * HOUR,
    })
    const user = site.browser()
    const begun = time
    await user.get('/set')
    await user.get('/login')
    await user.get('/update')
    const [record] = [...(await opened.records()).values()]
    expect(record).toMatchObject({ x: 2, user: 'ada', cookie: { created: begun } })
    expect((await user.get('/read')).json()).toEqual({ x: 2, user: 'ada' })
    expect((await user.get('/read')).cookies).toEqual([])
    time = begun + 2 * HOUR
    expect((await user.get('/read')).json()).toEqual({})
    await opened.close()
  })
})
