import { once } from 'node:events'
import { createServer } from 'node:http'
import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import { RedisStore as ConnectRedis } from 'connect-redis'
import express from 'express'
import expressSession from 'express-session'
import fastify from 'fastify'
import { Redis } from 'ioredis'
import Koa from 'koa'
import genericSession from 'koa-generic-session'
import koaRedis from 'koa-redis'
import session, { MemoryStore } from 'koa-sess'
import { RedisStore } from 'koa-sess/redis'
import koaSession from 'koa-session'
import { createClient } from 'redis'
import { jsonOnRedis } from '../shared/redis-stores.mjs'
import { play } from './steps.mjs'
import {
  ExpressVisit,
  FastifyVisit,
  GenericVisit,
  KoaSessionVisit,
  KoaSessVisit,
} from './visits.mjs'

const SECRET = 'a secret of the races, longer than thirty-two characters'

/**
 * The columns. `open` starts a server and returns its origin, how to close it and, if sessions are
 * not in Redis, `behind`: direct access to the stored records.
 */
export const SETUPS = [
  { name: 'koa-sess, MemoryStore', strong: true, open: openMemory },
  { name: 'koa-sess, RedisStore', strong: true, open: openRedis },
  { name: 'koa-sess, koa-redis', open: openWeak },
  { name: 'koa-generic-session, koa-redis', open: openGeneric },
  { name: 'koa-session, JSON on ioredis', open: openKoaSession },
  { name: 'express-session, connect-redis', open: openExpress },
  { name: '@fastify/session, connect-redis', open: openFastify },
]

/** The packages whose versions the report names. */
export const PACKAGES = [
  'koa-sess',
  'koa-generic-session',
  'koa-redis',
  'koa-session',
  'express-session',
  'connect-redis',
  '@fastify/session',
]

async function openMemory({ rolling, stage }) {
  const store = new MemoryStore()
  const keys = new Set()
  const create = store.create.bind(store)
  store.create = (key, ...rest) => {
    keys.add(key)
    return create(key, ...rest)
  }
  const site = await openKoaSess(session({ store, rolling }), stage)
  const behind = {
    values: async () => [...keys].map((key) => [key, store.load(key)]),
    expire: async (key) => store.touch(key, Date.now() - 1),
    clear: async () => {
      for (const key of keys) store.destroy(key)
      keys.clear()
    },
  }
  return { ...site, behind }
}

async function openRedis({ rolling, stage, url }) {
  const client = new Redis(url)
  const store = new RedisStore({ client })
  const site = await openKoaSess(session({ store, rolling }), stage)
  return closing(site, () => {
    store.close()
    return client.quit()
  })
}

async function openWeak({ rolling, stage, url }) {
  const store = koaRedis({ url })
  return closing(await openKoaSess(session({ store, rolling }), stage), () => store.quit())
}

async function openKoaSess(middleware, stage) {
  const site = await openKoa(() => middleware, KoaSessVisit, stage)
  return closing(site, () => middleware.close())
}

async function openGeneric({ rolling, stage, url }) {
  const store = koaRedis({ url })
  const site = await openKoa(() => genericSession({ store, rolling }), GenericVisit, stage)
  return closing(site, () => {
    // Its listener would wait ten seconds for the store to reconnect, and then end the process.
    store.removeAllListeners('disconnect')
    return store.quit()
  })
}

async function openKoaSession({ rolling, stage, url }) {
  const client = new Redis(url)
  const store = jsonOnRedis(client)
  const site = await openKoa((app) => koaSession({ store, rolling }, app), KoaSessionVisit, stage)
  return closing(site, () => client.quit())
}

async function openKoa(middleware, Visit, stage) {
  const app = new Koa()
  app.silent = true
  app.keys = [SECRET]
  app.use(middleware(app))
  app.use(async (ctx) => {
    ctx.body = await play(ctx.query, new Visit(ctx), stage.gates)
  })
  return listen(app.callback())
}

async function openExpress({ rolling, stage, url }) {
  const client = await createClient({ url }).connect()
  const app = express()
  // In any other environment Express prints the errors of handlers.
  app.set('env', 'test')
  const store = new ConnectRedis({ client })
  // `resave` is required. connect-redis recommends false, which also loses the fewest races.
  const choice = { resave: false, saveUninitialized: false }
  app.use(expressSession({ store, rolling, secret: SECRET, ...choice }))
  app.get('/', async (req, res) => {
    res.json(await play(req.query, new ExpressVisit(req), stage.gates))
  })
  return closing(await listen(app), () => client.close())
}

async function openFastify({ rolling, stage, url }) {
  const client = await createClient({ url }).connect()
  const app = fastify()
  app.register(fastifyCookie)
  const store = new ConnectRedis({ client })
  // Its cookies are secure by default, and this server has no TLS.
  app.register(fastifySession, { store, rolling, secret: SECRET, cookie: { secure: false } })
  app.get('/', (request) => play(request.query, new FastifyVisit(request), stage.gates))
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const close = () => {
    app.server.closeAllConnections()
    return app.close()
  }
  return closing({ origin, close }, () => client.close())
}

async function listen(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  }
  return { origin: `http://127.0.0.1:${server.address().port}`, close }
}

/** The same site, whose `close` also runs `more`. */
function closing(site, more) {
  const close = async () => {
    await site.close()
    await more()
  }
  return { ...site, close }
}
