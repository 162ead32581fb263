import { Redis } from 'ioredis'
import Koa from 'koa'
import { NAME, SMALL } from '../shared/sessions.mjs'

export const LIMIT = 'bare Koa + raw commands'

const COOKIE = 'koa.sid='
const RECORD = JSON.stringify(SMALL)
const LASTING = ['PX', 86_400_000]

/** The least that a session package must do: the Redis commands, without parsing or signing. */
export function openLimit(url) {
  const client = new Redis(url)
  let count = 0
  const keyOf = (ctx) => ctx.get('cookie').slice(COOKIE.length)
  const create = async () => {
    const key = `koa:sess:${String(count++).padStart(32, '0')}`
    await client.set(key, RECORD, ...LASTING, 'NX')
    return key
  }
  const found = (record, body) => {
    if (record === null) throw new Error('The record is missing')
    return body
  }
  const handlers = {
    '/untouched': () => 'ok',
    '/read': async (ctx) => found(await client.get(keyOf(ctx)), NAME),
    '/rolling': async (ctx) => found(await client.getex(keyOf(ctx), ...LASTING), NAME),
    '/modify': async (ctx) => {
      const record = await client.get(keyOf(ctx))
      await client.set(keyOf(ctx), RECORD, ...LASTING)
      return found(record, 'ok')
    },
    '/new': async () => {
      await create()
      return 'ok'
    },
    '/login': async (ctx) => {
      ctx.set('Set-Cookie', `${COOKIE}${await create()}`)
      return 'ok'
    },
  }
  const app = new Koa()
  app.use(async (ctx) => {
    ctx.body = await handlers[ctx.path](ctx)
  })
  return app.callback()
}
