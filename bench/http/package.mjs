import Koa from 'koa'
import { KEYS, PACKAGES } from '../shared/packages.mjs'
import { REDIS_STORES } from '../shared/redis-stores.mjs'
import { HANDLERS } from '../shared/sessions.mjs'

const { untouched, read, modify, create } = HANDLERS

const regenerate = (ctx) =>
  ctx.regenerateSession ? ctx.regenerateSession() : ctx.session.regenerate()

const handlers = {
  '/untouched': untouched,
  '/read': read,
  '/rolling': read,
  '/modify': modify,
  '/new': create,
  '/login': create,
  '/regenerate': async (ctx) => {
    await regenerate(ctx)
    create(ctx)
    // koa-generic-session does not store a session that equals the one before.
    modify(ctx)
  },
  '/logout': (ctx) => {
    ctx.session = null
    ctx.body = 'ok'
  },
}

/** A session package on its Redis store: `package` or `package, client`. `rolling` needs an app of its own. */
export async function openPackage(contender, url) {
  const store = await REDIS_STORES[contender](url)
  const [name] = contender.split(', ')
  const plain = callback(name, store, { rolling: false })
  const rolling = callback(name, store, { rolling: true })
  return (req, res) => (req.url === '/rolling' ? rolling : plain)(req, res)
}

function callback(name, store, options) {
  const app = new Koa()
  app.keys = KEYS
  app.use(PACKAGES[name](store, options, app))
  app.use((ctx) => handlers[ctx.path](ctx))
  return app.callback()
}
