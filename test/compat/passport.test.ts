import type { Middleware } from 'koa'
import koaPassport from 'koa-passport'
import passport from 'passport'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Opened, SOME } from '../support/backends.js'
import type { Browser } from '../support/browser.js'
import { Gate } from '../support/gate.js'
import { type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

/** Who it is, says the query; everything that a strategy can answer, it can be asked for. */
class QueryStrategy extends passport.Strategy {
  override name = 'query'

  authenticate(request: { query: Record<string, string> }): void {
    const { user, outcome } = request.query
    if (outcome === 'error') this.error(new Error('The user directory is down'))
    else if (user) this.success(user, { message: 'welcome' })
    else this.fail({ message: 'who are you?' }, 401)
  }
}

interface Hooks {
  serialize?: (user: string) => string
  deserialize?: (id: string) => string | false
}

/** The stack of a usual application: passport behind the session, and a few pages. */
function stack({ serialize = (user) => user, deserialize = (id) => id }: Hooks = {}) {
  const authenticator = new koaPassport.KoaPassport<string>()
  authenticator.use(new QueryStrategy())
  authenticator.serializeUser((user, done) => answer(done, () => serialize(user)))
  authenticator.deserializeUser((id, done) => answer(done, () => deserialize(String(id))))
  const page = (path: string, options?: object): Middleware => {
    const authenticate = authenticator.authenticate('query', options)
    return (ctx, next) => (ctx.path === path ? authenticate(ctx, next) : next())
  }
  return [
    authenticator.initialize(),
    authenticator.session(),
    page('/login'),
    page('/login/keep', { keepSessionInfo: true }),
    page('/login/messages', {
      failureMessage: true,
      failureRedirect: '/me',
      successRedirect: '/me',
    }),
    page('/login/return', { keepSessionInfo: true, successReturnToOrRedirect: '/' }),
    page('/login/stateless', { session: false }),
  ]
}

function answer<T>(done: (error: unknown, value?: T) => void, work: () => T): void {
  try {
    done(null, work())
  } catch (error) {
    done(error)
  }
}

const me: Routes[string] = (ctx) => ({
  user: ctx.state.user ?? null,
  authenticated: ctx.isAuthenticated(),
})

/** The types of koa-passport do not know the options of passport 0.7. */
function logOut(options: { keepSessionInfo: boolean }): Routes[string] {
  return (ctx) => Reflect.apply(ctx.logout, ctx, [options])
}

const ROUTES: Routes = {
  '/me': me,
  '/login': me,
  '/login/keep': me,
  '/login/stateless': me,
  '/session': (ctx) => ctx.session,
  '/set': (ctx) => {
    Object.assign(ctx.session, ctx.query)
  },
  '/logout': logOut({ keepSessionInfo: false }),
  '/logout/keep': logOut({ keepSessionInfo: true }),
}

describe.each(SOME)('koa-passport 6 and passport 0.7 on $name', ({ open }) => {
  let opened: Opened
  let site: Site
  let browser: Browser

  async function start(
    routes: Routes = {},
    hooks?: Hooks,
    options: SiteOptions = {},
  ): Promise<void> {
    const { store, prefix } = opened
    site = await serve({ ...ROUTES, ...routes }, { store, prefix, after: stack(hooks), ...options })
    browser = site.browser()
  }

  beforeEach(async () => {
    opened = await open()
  })
  afterEach(async () => {
    await site.close()
    await opened.close()
  })

  const sid = (of = browser) => of.jar.get('koa.sid')
  const records = async () => [...(await opened.records()).values()]
  const whoami = async (of = browser) => (await of.get('/me')).json()
  const NOBODY = { user: null, authenticated: false }
  const ADA = { user: 'ada', authenticated: true }

  /** The same cookies in another browser, which does not follow along. */
  function twin(): Browser {
    const other = site.browser()
    for (const [name, value] of browser.jar) other.jar.set(name, value)
    return other
  }

  it('logs in to a new session, and knows the user from then on', async () => {
    await start()
    expect(await whoami()).toEqual(NOBODY)
    expect(browser.jar.size).toBe(0)
    const reply = await browser.get('/login?user=ada')
    expect(reply.json()).toEqual(ADA)
    expect(reply.cookies.map((line) => line.split('=', 1)[0])).toEqual(['koa.sid', 'koa.sid.sig'])
    expect(await whoami()).toEqual(ADA)
    expect(await records()).toMatchObject([{ passport: { user: 'ada' } }])
    expect(site.errors).toEqual([])
  })

  it('moves to a new id at login, and the old one has no user', async () => {
    await start()
    await browser.get('/set?cart=tea')
    const [before, thief] = [sid(), twin()]
    const { cookies } = await browser.get('/login?user=ada')
    expect(cookies).toHaveLength(2)
    expect(sid()).not.toBe(before)
    expect(await whoami(thief)).toEqual(NOBODY)
    expect((await thief.get('/session')).json()).toEqual({})
    expect(await whoami()).toEqual(ADA)
    expect((await browser.get('/session')).json()).toEqual({ passport: { user: 'ada' } })
    expect(await records()).toHaveLength(1)
  })

  it('carries the session into the login where keepSessionInfo asks for it', async () => {
    await start()
    await browser.get('/set?cart=tea')
    const [before, thief] = [sid(), twin()]
    await browser.get('/login/keep?user=ada')
    expect(sid()).not.toBe(before)
    expect((await browser.get('/session')).json()).toEqual({
      cart: 'tea',
      passport: { user: 'ada' },
    })
    expect((await thief.get('/session')).json()).toEqual({})
    expect(await records()).toHaveLength(1)
  })

  it('changes the user with yet another id', async () => {
    await start()
    await browser.get('/login?user=ada')
    const [before, thief] = [sid(), twin()]
    await browser.get('/login?user=grace')
    expect(sid()).not.toBe(before)
    expect(await whoami()).toEqual({ user: 'grace', authenticated: true })
    expect(await whoami(thief)).toEqual(NOBODY)
  })

  it('logs out: the record goes, the cookies go, and a copy of them is worth nothing', async () => {
    await start()
    await browser.get('/login?user=ada')
    await browser.get('/set?cart=tea')
    const thief = twin()
    const { cookies } = await browser.get('/logout')
    expect(cookies).toHaveLength(2)
    expect(browser.jar.size).toBe(0)
    expect(await records()).toEqual([])
    expect(await whoami()).toEqual(NOBODY)
    expect(await whoami(thief)).toEqual(NOBODY)
    expect((await thief.get('/session')).json()).toEqual({})
  })

  it('carries the session out of the logout where keepSessionInfo asks for it, without the user', async () => {
    await start()
    await browser.get('/login?user=ada')
    await browser.get('/set?cart=tea')
    const [before, thief] = [sid(), twin()]
    await browser.get('/logout/keep')
    expect(sid()).not.toBe(before)
    expect((await browser.get('/session')).json()).toEqual({ cart: 'tea', passport: {} })
    expect(await whoami()).toEqual(NOBODY)
    expect(await whoami(thief)).toEqual(NOBODY)
    expect((await thief.get('/session')).json()).toEqual({})
    expect(await records()).toHaveLength(1)
  })

  it('logs out who was not logged in, and leaves nothing behind', async () => {
    await start()
    expect((await browser.get('/logout')).cookies).toEqual([])
    expect(await records()).toEqual([])
    expect(site.errors).toEqual([])
  })

  it('leaves the session object from before readable, with its cookie', async () => {
    await start({
      '/login/compare': async (ctx) => {
        const before = ctx.session
        const cookie = ctx.session.cookie.maxAge
        await ctx.login('ada')
        return [
          before === ctx.session,
          { ...before },
          { ...ctx.session },
          before.cookie.maxAge === cookie,
        ]
      },
    })
    await browser.get('/set?cart=tea')
    const reply = await browser.get('/login/compare')
    expect(reply.json()).toEqual([false, { cart: 'tea' }, { passport: { user: 'ada' } }, true])
    expect(await whoami()).toEqual(ADA)
  })

  it('keeps what handlers set after the login, in the same request', async () => {
    await start({
      '/login/more': async (ctx) => {
        await ctx.login('ada')
        ctx.session.since = 'today'
        return ctx.sessionId
      },
    })
    await browser.get('/set?cart=tea')
    const reply = await browser.get('/login/more')
    expect(reply.json()).toBe(sid())
    expect(reply.cookies).toHaveLength(2)
    expect((await browser.get('/session')).json()).toEqual({
      passport: { user: 'ada' },
      since: 'today',
    })
    expect(await records()).toHaveLength(1)
  })

  it('logs out and in again in one request', async () => {
    await start({
      '/switch': async (ctx) => {
        await ctx.logout()
        await ctx.login('grace')
      },
    })
    await browser.get('/login?user=ada')
    const thief = twin()
    const { cookies } = await browser.get('/switch')
    expect(cookies).toHaveLength(2)
    expect(await whoami()).toEqual({ user: 'grace', authenticated: true })
    expect(await whoami(thief)).toEqual(NOBODY)
    expect(await records()).toMatchObject([{ passport: { user: 'grace' } }])
  })

  it('changes nothing when a login fails', async () => {
    await start()
    expect((await browser.get('/login')).status).toBe(401)
    expect(browser.jar.size).toBe(0)
    expect(await records()).toEqual([])
    await browser.get('/login?user=ada')
    const before = sid()
    const reply = await browser.get('/login')
    expect([reply.status, reply.cookies]).toEqual([401, []])
    expect(sid()).toBe(before)
    expect(await whoami()).toEqual(ADA)
  })

  it('changes nothing when a strategy reports an error', async () => {
    await start()
    await browser.get('/login?user=ada')
    const reply = await browser.get('/login?outcome=error')
    expect([reply.status, reply.cookies]).toEqual([500, []])
    expect(site.errors.map(String)).toEqual(['Error: The user directory is down'])
    expect(await whoami()).toEqual(ADA)
  })

  it('collects the messages of failed logins, and redirects', async () => {
    await start()
    const reply = await browser.get('/login/messages')
    expect([reply.status, reply.headers.location]).toEqual([302, '/me'])
    const id = sid()
    await browser.get('/login/messages')
    expect(sid()).toBe(id)
    expect((await browser.get('/session')).json()).toEqual({
      messages: ['who are you?', 'who are you?'],
    })
    await browser.get('/login/messages?user=ada')
    expect(sid()).not.toBe(id)
    expect(await whoami()).toEqual(ADA)
  })

  it('goes back to where the login was asked for, and forgets it', async () => {
    await start()
    await browser.get('/set?returnTo=/cart')
    const reply = await browser.get('/login/return?user=ada')
    expect([reply.status, reply.headers.location]).toEqual([302, '/cart'])
    expect((await browser.get('/session')).json()).toEqual({ passport: { user: 'ada' } })
  })

  it('writes no session for a login without one', async () => {
    await start()
    expect((await browser.get('/login/stateless?user=ada')).json()).toEqual(ADA)
    expect(browser.jar.size).toBe(0)
    expect(await records()).toEqual([])
    expect(await whoami()).toEqual(NOBODY)
  })

  it('forgets a user who is not known any more, and keeps the rest', async () => {
    let known = true
    await start({}, { deserialize: (id) => known && id })
    await browser.get('/login?user=ada')
    await browser.get('/set?cart=tea')
    known = false
    expect(await whoami()).toEqual(NOBODY)
    expect((await browser.get('/session')).json()).toEqual({ cart: 'tea', passport: {} })
  })

  it('fails the request, and not the session, when a user cannot be read', async () => {
    let down = false
    const deserialize = (id: string) => {
      if (down) throw new Error('The user directory is down')
      return id
    }
    await start({}, { deserialize })
    await browser.get('/login?user=ada')
    down = true
    expect((await browser.get('/me')).status).toBe(500)
    down = false
    expect(await whoami()).toEqual(ADA)
  })

  it('logs in no user when the session cannot hold it', async () => {
    const serialize = () => {
      throw new Error('No such column')
    }
    await start({}, { serialize })
    await browser.get('/set?cart=tea')
    const thief = twin()
    const reply = await browser.get('/login?user=ada')
    expect(reply.status).toBe(500)
    expect(await whoami()).toEqual(NOBODY)
    // Passport had moved the session on before it asked, so nothing of the old one is left.
    expect((await thief.get('/session')).json()).toEqual({})
    expect((await browser.get('/session')).json()).toEqual({})
    expect(await records()).toEqual([])
  })

  it('extends a login with every request when rolling', async () => {
    let now = Date.now()
    await start({}, {}, { rolling: true, cookie: { maxAge: 60_000 }, now: () => now })
    await browser.get('/login?user=ada')
    for (let minute = 0; minute < 3; minute++) {
      now += 50_000
      expect(await whoami()).toEqual(ADA)
    }
  })

  it('is not logged in or out by requests that were under way with the older cookie', async () => {
    const gates: Gate[] = []
    await start({
      '/slow': async (ctx) => {
        ctx.session.slow = 'yes'
        await gates.at(-1)?.pass()
      },
    })
    for (const [path, user] of [
      ['/login?user=ada', ADA],
      ['/logout', NOBODY],
    ] as const) {
      await browser.get('/set?cart=tea')
      const gate = new Gate()
      gates.push(gate)
      const late = twin().get('/slow')
      await gate.arrived
      await browser.get(path)
      gate.open()
      const reply = await late
      expect(reply.cookies).toEqual([])
      expect(await whoami()).toEqual(user)
      expect((await browser.get('/session')).json()).not.toHaveProperty('slow')
    }
    expect(site.events.filter((event) => event === 'gone')).toHaveLength(2)
  })
})
