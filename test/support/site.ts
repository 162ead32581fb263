import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa, { type Context, type Middleware } from 'koa'
import type { DeviceBoundContext } from '../../src/device-bound.js'
import session, { type SessionMiddleware, type SessionOptions } from '../../src/index.js'
import { Browser } from './browser.js'

/** A handler's return value becomes the JSON body. */
export type Route = (ctx: Context) => unknown
export type Routes = Record<string, Route>

declare global {
  /** Tests put anything in their sessions. */
  interface SessionData {
    // biome-ignore lint/suspicious/noExplicitAny: a test reads back what it put in
    [key: string]: any
  }
}

/** A real Koa app on a free port, with what a test wants to look at. */
export interface Site {
  app: Koa
  server: Server
  origin: string
  session: SessionMiddleware<unknown, SessionData>
  /** What the app emitted as `error`. */
  errors: Error[]
  /** The names of the `session:` events that the app emitted, in order. */
  events: string[]
  browser(): Browser
  close(): Promise<void>
}

export interface SiteOptions extends SessionOptions<SessionData> {
  keys?: Koa['keys'] | undefined
  /** Stand before and after the session middleware. */
  before?: Middleware[]
  after?: (Middleware | Middleware<object, DeviceBoundContext>)[]
}

/** What most tests ask of a site, deferred or not: look, count in `x`, end. */
export const BASICS: Routes = {
  '/read': async (ctx) => ({ ...(await ctx.session) }),
  '/set': async (ctx) => {
    const current = await ctx.session
    current.x = (current.x ?? 0) + 1
  },
  '/logout': (ctx) => {
    ctx.session = null
  },
}

const EVENTS = ['missed', 'expired', 'invalid', 'superseded', 'gone', 'conflict', 'unsent']
export const KEYS = ['a secret of the tests', 'an older secret of the tests']

export async function serve(routes: Routes, options: SiteOptions = {}): Promise<Site> {
  const { keys = KEYS, before = [], after = [], ...rest } = options
  const app = new Koa()
  app.keys = keys
  const errors: Error[] = []
  const events: string[] = []
  app.on('error', (error) => errors.push(error))
  for (const name of EVENTS) app.on(`session:${name}`, () => events.push(name))
  const middleware = session({ app, ...rest })
  for (const each of before) app.use(each)
  app.use(middleware)
  for (const each of after) app.use(each)
  app.use(async (ctx) => {
    const route = routes[ctx.path]
    if (!route) return
    const body = await route(ctx)
    if (ctx.respond !== false && ctx.body === undefined) ctx.body = JSON.stringify(body ?? null)
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const browsers: Browser[] = []
  return {
    app,
    server,
    origin,
    session: middleware,
    errors,
    events,
    browser() {
      const browser = new Browser(origin, options.now)
      browsers.push(browser)
      return browser
    },
    async close() {
      for (const browser of browsers) browser.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      middleware.close()
    },
  }
}

/** A browser of another site with the same cookies. */
export function over(user: Browser, site: Site): Browser {
  const next = site.browser()
  for (const [name, value] of user.jar) next.jar.set(name, value)
  return next
}
