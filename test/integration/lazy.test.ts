import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { counted, type Opened, SOME } from '../support/backends.js'
import { type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const ROUTES: Routes = {
  '/nothing': () => undefined,
  '/read': async (ctx) => ({ ...(await ctx.session) }),
  '/set': async (ctx) => {
    const session = await ctx.session
    session.x = 1
  },
}

describe.each(SOME)('$name', ({ open, strong }) => {
  let opened: Opened
  let site: Site | undefined
  beforeAll(async () => {
    opened = await open()
  })
  afterEach(() => site?.close())
  afterAll(() => opened.close())

  async function start(options: SiteOptions = {}, routes: Routes = {}) {
    const { store, calls } = counted(opened.store)
    site = await serve({ ...ROUTES, ...routes }, { store, prefix: opened.prefix, ...options })
    return { ...site, calls }
  }

  const READ = strong ? 'load' : 'get'

  test('without a cookie: no store call, no id, no Set-Cookie until something is set', async () => {
    const ids: unknown[] = []
    const { browser, calls } = await start(
      {},
      { '/id': (ctx) => void ids.push(ctx.sessionId, { ...ctx.session }) },
    )
    const user = browser()
    for (const path of ['/nothing', '/read', '/id'])
      expect((await user.get(path)).cookies).toEqual([])
    expect(calls).toEqual([])
    expect(ids).toEqual([undefined, {}])
  })

  test.each([
    ['a forged signature', (sid: string) => `koa.sid=${sid}; koa.sid.sig=${'A'.repeat(27)}`],
    ['no signature', (sid: string) => `koa.sid=${sid}`],
    ['an empty signature', (sid: string) => `koa.sid=${sid}; koa.sid.sig=`],
    ['a malformed id', () => 'koa.sid=../../etc/passwd; koa.sid.sig=x'],
    ['an empty id', () => 'koa.sid=; koa.sid.sig='],
    ['another cookie that only looks like it', (sid: string) => `xkoa.sid=${sid}; koa_sid=${sid}`],
    ['rubbish', () => ';;;=; koa.sid; ="'],
  ])('%s never reaches the store', async (_name, forge) => {
    const { browser, calls } = await start()
    const user = browser()
    await user.get('/set')
    calls.length = 0
    const forged = forge(user.jar.get('koa.sid') ?? '')
    expect((await user.get('/read', { cookie: forged })).json()).toEqual({})
    expect(calls).toEqual([])
  })

  test('an unknown id is asked for once and never adopted', async () => {
    const { browser, calls, events } = await start()
    const user = browser()
    await user.get('/set')
    const cookie = user.cookie
    const sid = user.jar.get('koa.sid')
    await opened.remove(opened.prefix + sid)
    calls.length = 0
    expect((await user.get('/read', { cookie })).cookies).toEqual([])
    expect(calls).toEqual([READ])
    await user.get('/set', { cookie })
    expect(user.jar.get('koa.sid')).not.toBe(sid)
    expect(events).toEqual(['missed', 'missed'])
  })

  test('defer: the store is not asked before the session is used', async () => {
    const { browser, calls } = await start({ defer: true })
    const user = browser()
    await user.get('/set')
    calls.length = 0
    expect((await user.get('/nothing')).cookies).toEqual([])
    expect(calls).toEqual([])
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
    expect(calls).toEqual([READ])
  })

  test('defer: getters that overlap get one and the same session, and read it once', async () => {
    const { browser, calls } = await start(
      { defer: true },
      {
        '/both': async (ctx) => {
          const [one, two] = await Promise.all([ctx.session, ctx.session])
          one.y = 2
          return [one === two, two.x]
        },
      },
    )
    const user = browser()
    await user.get('/set')
    calls.length = 0
    expect((await user.get('/both')).json()).toEqual([true, 1])
    expect(calls.filter((call) => call === 'load' || call === 'get').length).toBe(strong ? 1 : 2)
    expect((await user.get('/read')).json()).toEqual({ x: 1, y: 2 })
  })

  test('defer: only setting works, with and without a session before', async () => {
    const { browser } = await start(
      { defer: true },
      {
        '/assign': (ctx) => {
          ctx.session = { y: 2 }
        },
      },
    )
    const [user, other] = [browser(), browser()]
    expect((await other.get('/assign')).cookies).toHaveLength(2)
    expect((await other.get('/read')).json()).toEqual({ y: 2 })
    await user.get('/set')
    const sid = user.jar.get('koa.sid')
    await user.get('/assign')
    expect((await user.get('/read')).json()).toEqual({ y: 2 })
    expect(user.jar.get('koa.sid')).toBe(sid)
    expect([...(await opened.records()).keys()].some((key) => key.endsWith('undefined'))).toBe(
      false,
    )
  })

  test('defer: only setting null works, with and without a session before', async () => {
    const { browser } = await start(
      { defer: true },
      {
        '/end': (ctx) => {
          ctx.session = null
        },
      },
    )
    const [user, other] = [browser(), browser()]
    expect((await other.get('/end')).cookies).toEqual([])
    await user.get('/set')
    const stolen = user.cookie
    expect((await user.get('/end')).cookies).toHaveLength(2)
    expect((await user.get('/read', { cookie: stolen })).json()).toEqual({})
  })

  test('defer: regenerate without a look before, keys kept, awaited or not', async () => {
    const { browser } = await start(
      { defer: true },
      {
        '/move': (ctx) => void ctx.regenerateSession({ keep: ['x'] }),
        '/login': async (ctx) => {
          ctx.regenerateSession()
          const session = await ctx.session
          session.user = 'ada'
        },
      },
    )
    const user = browser()
    await user.get('/set')
    const sid = user.jar.get('koa.sid')
    await user.get('/move')
    expect(user.jar.get('koa.sid')).not.toBe(sid)
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
    await user.get('/login')
    expect((await user.get('/read')).json()).toEqual({ user: 'ada' })
  })

  test('defer: setting keeps what was altered of this user’s cookie', async () => {
    const { browser } = await start(
      { defer: true },
      {
        '/remember': async (ctx) => {
          const session = await ctx.session
          session.x = 1
          session.cookie.maxAge = 60_000
        },
        '/assign': (ctx) => {
          ctx.session = { y: 2 }
        },
      },
    )
    const user = browser()
    await user.get('/remember')
    expect((await user.get('/assign')).cookies[0]).toContain('; expires=')
  })

  test('defer: a listener that asks for the session while it is read gets it from the same read', async () => {
    const { app, browser, calls } = await start({ defer: true })
    const asked: string[] = []
    app.on('session:reject', async ({ ctx, why }) => {
      // Ends, even if each read caused another call.
      if (asked.push(why) < 20) asked.push(`keys: ${Object.keys(await ctx.session)}`)
    })
    const user = browser()
    await user.get('/set')
    const cookie = user.cookie
    calls.length = 0
    await browser().get('/read', { cookie: `${cookie}x` })
    expect([asked, calls]).toEqual([['signature', 'keys: '], []])
  })

  test('defer and rolling: a session that was not used is left alone', async () => {
    const { browser, calls } = await start({ defer: true, rolling: true })
    const user = browser()
    await user.get('/set')
    calls.length = 0
    expect((await user.get('/nothing')).cookies).toEqual([])
    expect(calls).toEqual([])
    expect((await user.get('/read')).cookies).toHaveLength(2)
  })
})
