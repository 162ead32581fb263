import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa, { type Middleware } from 'koa'
import { Browser, type Reply } from '../support/browser.js'
import { KEYS, type Routes } from '../support/site.js'

/** One of several apps behind the same host. */
export interface Side {
  session(app: Koa): Middleware<never, never> & { close?: () => void }
  keys?: Koa['keys'] | undefined
  /** In the place of the routes that all sides have. */
  routes?: Routes
  /** Stand between the session middleware and the routes. */
  after?: Middleware[]
}

/** A browser whose requests may go to any of the apps. */
export interface Visitor {
  browser: Browser
  /** `at('old', '/read')`: which app, and what to ask it for. */
  at(side: string, path: string): Promise<Reply>
  /** The same cookies in a second browser: a copy that does not follow along. */
  twin(): Visitor
}

export interface Deployment {
  visitor(): Visitor
  /** What the apps emitted as `error`. */
  errors: Error[]
  close(): Promise<void>
}

/** What an application does with a session, the same in every peer. */
const ROUTES: Routes = {
  '/read': (ctx) => ctx.session,
  '/set': (ctx) => {
    Object.assign(ctx.session, ctx.query)
  },
  '/delete': (ctx) => {
    for (const key of Object.keys(ctx.query)) delete ctx.session[key]
  },
  '/replace': (ctx) => {
    ctx.session = { ...ctx.query }
  },
  '/maxage': (ctx) => {
    ctx.session.cookie.maxAge = Number(ctx.query.ms)
  },
  '/regenerate': async (ctx) => {
    await ctx.regenerateSession()
    Object.assign(ctx.session, ctx.query)
  },
  '/save': async (ctx) => {
    await ctx.saveSession()
  },
  '/logout': (ctx) => {
    ctx.session = null
  },
}

/** Old and new code behind one host name, as in a rolling deploy: each request says whom it reaches. */
export async function deploy(sides: Record<string, Side>, now?: () => number): Promise<Deployment> {
  const errors: Error[] = []
  const closing: (() => void)[] = []
  const apps = new Map(
    Object.entries(sides).map(([name, side]) => [name, start(side, errors, closing)]),
  )
  const server = createServer((req, res) => apps.get(String(req.headers['x-side']))?.(req, res))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const browsers: Browser[] = []
  const visitor = (cookies: Iterable<[string, string]> = []): Visitor => {
    const browser = new Browser(origin, now)
    browsers.push(browser)
    for (const [name, value] of cookies) browser.jar.set(name, value)
    return {
      browser,
      at: (side, path) => browser.get(path, { 'x-side': side }),
      twin: () => visitor(browser.jar),
    }
  }
  return {
    visitor: () => visitor(),
    errors,
    async close() {
      for (const browser of browsers) browser.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      for (const each of closing) each()
    },
  }
}

function start(
  { session, keys = KEYS, routes = {}, after = [] }: Side,
  errors: Error[],
  closing: (() => void)[],
) {
  const app = new Koa()
  app.keys = keys
  app.on('error', (error) => errors.push(error))
  const middleware = session(app)
  closing.push(() => middleware.close?.())
  for (const each of [middleware as Middleware, ...after]) app.use(each)
  const all: Routes = { ...ROUTES, ...routes }
  app.use(async (ctx) => {
    const body = await all[ctx.path]?.(ctx)
    if (ctx.body === undefined) ctx.body = JSON.stringify(body ?? null)
  })
  return app.callback()
}
