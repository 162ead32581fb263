import { afterEach } from 'vitest'
import type { UserSession, UsersOptions } from '../../src/index.js'
import type { Browser, Reply } from '../support/browser.js'
import { type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

/** What the list shows of a session in these tests. */
export const users = {
  of: (session) => session.user,
  describe: (ctx) => ({ agent: ctx.get('user-agent') }),
} satisfies UsersOptions<SessionData>

/** Logins with and without a new id, and everything that `ctx.sessions` does. */
export const ROUTES: Routes = {
  '/read': async (ctx) => ({ ...(await ctx.session) }),
  '/set': async (ctx) => {
    const current = await ctx.session
    current.x = (current.x ?? 0) + 1
  },
  '/login': async (ctx) => {
    const { checkpoint } = ctx.query
    const current = await ctx.regenerateSession(
      checkpoint ? { checkpoint: String(checkpoint) } : {},
    )
    current.user = String(ctx.query.user ?? 'ada')
  },
  '/login-here': async (ctx) => {
    const current = await ctx.session
    current.user = String(ctx.query.user ?? 'ada')
  },
  '/login-by-update': (ctx) =>
    ctx.updateSession((current) => {
      current.user = String(ctx.query.user ?? 'ada')
    }),
  '/rotate': async (ctx) => void (await ctx.regenerateSession({ keep: ['user', 'x'] })),
  '/leave-here': async (ctx) => {
    const current = await ctx.session
    delete current.user
  },
  '/logout': (ctx) => {
    ctx.session = null
  },
  '/list': (ctx) => ctx.sessions.list(),
  '/end': (ctx) => ctx.sessions.end(String(ctx.query.handle)),
  '/end-others': (ctx) => ctx.sessions.endOthers(),
  '/end-all': (ctx) => ctx.sessions.endAll(),
}

export function serveUsers(options: SiteOptions = {}, routes: Routes = {}): Promise<Site> {
  return serve({ ...ROUTES, ...routes }, { users, ...options })
}

/** A new browser that has logged in. */
export async function loggedIn(site: Site, path = '/login'): Promise<Browser> {
  const browser = site.browser()
  await browser.get(path)
  return browser
}

export async function userOf(browser: Browser): Promise<unknown> {
  return (await browser.get('/read')).json<SessionData>().user
}

export async function listOf(browser: Browser): Promise<UserSession[]> {
  return (await browser.get('/list')).json<UserSession[]>()
}

/** The code of the error that the app emitted last. */
export function lastCode({ errors }: Site): unknown {
  return Reflect.get(errors.at(-1) ?? {}, 'code')
}

export function clearsCookie({ cookies }: Reply): boolean {
  return cookies.some((line) => line.startsWith('koa.sid=;'))
}

/** Starts sites that the end of each test closes. */
export function useSites(): (options: SiteOptions) => Promise<Site> {
  const sites: Site[] = []
  afterEach(async () => {
    for (const site of sites.splice(0)) await site.close()
  })
  return async (options) => {
    const site = await serveUsers(options)
    sites.push(site)
    return site
  }
}
