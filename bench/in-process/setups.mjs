import Koa from 'koa'
import * as koaSess from 'koa-sess'
import { install, KEYS, PACKAGES } from '../shared/packages.mjs'
import { JsonStore } from './json-store.mjs'

const json = () => new JsonStore()

export const BARE = 'bare Koa'

const VARIANTS = {
  [BARE]: {},
  'koa-sess': onItsOwnStore(koaSess),
  'koa-sess, JSON store': { middleware: PACKAGES['koa-sess'], store: json },
  'koa-generic-session': { middleware: PACKAGES['koa-generic-session'], store: json },
  'koa-session': { middleware: PACKAGES['koa-session'], store: json },
}

export const NAMES = Object.keys(VARIANTS)

/** koa-sess, or another build of it, on its MemoryStore. */
export function onItsOwnStore({ default: session, MemoryStore }) {
  // New sessions stay until the end of the run: none may be dropped on the way.
  return { middleware: install(session), store: () => new MemoryStore({ max: 10_000_000 }) }
}

/**
 * The apps of one variant. There are only two, as an app of one's own for each scenario would make
 * the middleware meet more kinds of `ctx` than it does in a server, and V8 slows down with each.
 */
export function setUp(name, variant = VARIANTS[name]) {
  return {
    name,
    plain: makeApp(variant, { rolling: false }),
    rolling: makeApp(variant, { rolling: true }),
  }
}

function makeApp({ middleware, store }, options) {
  const app = new Koa()
  app.keys = KEYS
  if (middleware) app.use(middleware(store(), options, app))
  const made = { callback: undefined, handler: undefined }
  app.use((ctx) => made.handler(ctx))
  made.callback = app.callback()
  return made
}
