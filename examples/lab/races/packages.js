import { promisify } from 'node:util'
import express from 'express'
import expressSession from 'express-session'
import Koa from 'koa'
import genericSession from 'koa-generic-session'
import session from 'koa-sess'
import koaSession from 'koa-session'
import {
  ExpressVisit,
  GenericVisit,
  KoaSessionVisit,
  KoaSessVisit,
} from '../../../bench/races/visits.mjs'

const SECRET = 'a secret of the lab, longer than thirty-two characters'
const PREFIX = 'koa:sess:'

/**
 * Each package as its readme says, on a store. `handle(request, visit)` answers a request: a visit has
 * the same methods for all packages. `keyOf` says where the store keeps the session of an id.
 */
export const PACKAGES = {
  'koa-sess': {
    listener: (store, handle) => koa(() => session({ store }), KoaSessVisit, handle),
    keyOf: (id) => PREFIX + id,
  },
  'koa-session': {
    listener: (store, handle) => koa((app) => koaSession({ store }, app), KoaSessionVisit, handle),
    keyOf: (id) => id,
  },
  'koa-generic-session': {
    listener: (store, handle) => koa(() => genericSession({ store }), GenericVisit, handle),
    keyOf: (id) => PREFIX + id,
  },
  'express-session': {
    listener: expressApp,
    keyOf: (id) => id,
    // Its stores call back. The others return promises.
    call: (store, method, key) => promisify(store[method]).call(store, key),
  },
}

function koa(install, Visit, handle) {
  const app = new Koa()
  app.keys = [SECRET]
  app.use(install(app))
  app.use(async (ctx) => {
    ctx.body = await handle(ctx.query, new Visit(ctx))
  })
  return app.callback()
}

function expressApp(store, handle) {
  const app = express()
  // `resave: true` would lose more: a request that only reads would write too.
  app.use(expressSession({ store, secret: SECRET, resave: false, saveUninitialized: false }))
  app.get('/', async (req, res) => {
    res.json(await handle(req.query, new ExpressVisit(req)))
  })
  return app
}
