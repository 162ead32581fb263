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
  // Large enough to hold every session of the run, so that none is evicted.
  return {
    middleware: install(session),
    store: () => new MemoryStore({ max: 10_000_000, maxBytes: Infinity }),
  }
}

/**
 * The apps of one variant. There are only two: with an app for each scenario, the middleware would
 * get more shapes of `ctx` than in a server, and V8 slows down with each.
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
