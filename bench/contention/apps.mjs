import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import express from 'express'
import expressSession from 'express-session'
import fastify from 'fastify'
import Koa from 'koa'
import { KEYS, PACKAGES } from '../shared/packages.mjs'
import { HANDLERS } from './handlers.mjs'
import { STORES } from './stores.mjs'

const SECRET = 'a secret of the bench, longer than thirty-two characters'
const COOKIE = { maxAge: 86_400_000, sameSite: 'lax', httpOnly: true, secure: false }

const APPS = {
  'koa-sess': koa,
  'koa-session': koa,
  'koa-generic-session': koa,
  'express-session': openExpress,
  '@fastify/session': openFastify,
}

export const CONTENDERS = Object.keys(APPS)

/** The handler of requests of one package, on its store of that kind. */
export async function openApp(contender, kind, url) {
  return APPS[contender](await STORES[kind][contender](url), contender)
}

/** Rolling is an option, so that is a second app on the same store. */
function koa(store, contender) {
  const plain = openKoa(store, contender, { rolling: false })
  const rolling = openKoa(store, contender, { rolling: true })
  return (req, res) => (req.url === '/rolling' ? rolling : plain)(req, res)
}

function openKoa(store, contender, options) {
  const app = new Koa()
  // The generator counts failed requests.
  app.silent = true
  app.keys = KEYS
  app.use(PACKAGES[contender](store, options, app))
  app.use(async (ctx) => {
    ctx.body = await HANDLERS[ctx.path](ctx.session, ctx.query)
  })
  return app.callback()
}

function openExpress(store) {
  const app = express()
  // In any other environment it prints what handlers throw.
  app.set('env', 'test')
  const choice = { resave: false, saveUninitialized: false }
  app.use(expressSession({ store, secret: SECRET, cookie: COOKIE, ...choice }))
  app.use(async (req, res) => {
    res.send(await HANDLERS[req.path](req.session, req.query))
  })
  return app
}

async function openFastify(store) {
  const app = fastify()
  app.register(fastifyCookie)
  const choice = { rolling: false, saveUninitialized: false }
  app.register(fastifySession, { store, secret: SECRET, cookie: COOKIE, ...choice })
  for (const [path, handler] of Object.entries(HANDLERS))
    app.get(path, ({ session, query }) => handler(session, query))
  await app.ready()
  return app.routing
}
