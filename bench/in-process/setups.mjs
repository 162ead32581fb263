import Koa from 'koa'
import genericSession from 'koa-generic-session'
import session, { MemoryStore } from 'koa-sess'
import koaSession from 'koa-session'
import { JsonStore } from './json-store.mjs'

// The same cookie for all of them, spelled out: their defaults differ, and some cost more than others.
const maxAge = 86_400_000
const cookie = { maxAge, sameSite: 'lax', httpOnly: true, signed: true, overwrite: true }
const keys = ['a-single-secret-of-the-application']

// New sessions stay until the end of the run: none may be dropped on the way.
const roomy = () => new MemoryStore({ max: 10_000_000 })

const MIDDLEWARE = {
  'bare Koa': undefined,
  'koa-sess': ({ rolling }) => session({ store: roomy(), cookie, rolling }),
  'koa-sess, JSON store': ({ rolling }) => session({ store: new JsonStore(), cookie, rolling }),
  'koa-generic-session': ({ rolling }) =>
    genericSession({ store: new JsonStore(), cookie: { ...cookie }, rolling }),
  'koa-session': ({ rolling }, app) =>
    koaSession({ store: new JsonStore(), ...cookie, rolling }, app),
}

export const BARE = 'bare Koa'
export const NAMES = Object.keys(MIDDLEWARE)

/**
 * The apps of one variant. There are only two, as an app of one's own for each scenario would make
 * the middleware meet more kinds of `ctx` than it does in a server, and V8 slows down with each.
 */
export function setUp(name) {
  return {
    name,
    plain: makeApp(name, { rolling: false }),
    rolling: makeApp(name, { rolling: true }),
  }
}

function makeApp(name, options) {
  const app = new Koa()
  app.keys = keys
  const middleware = MIDDLEWARE[name]?.(options, app)
  if (middleware) app.use(middleware)
  const made = { callback: undefined, handler: undefined }
  app.use((ctx) => made.handler(ctx))
  made.callback = app.callback()
  return made
}
