import { createHmac } from 'node:crypto'
import Koa, { type Context } from 'koa'
import session, { type SessionMiddleware } from '../../../src/index.js'
import { inject } from '../inject.js'
import { KEYS } from '../site.js'

export const sign = (id: string, { key = KEYS[0] ?? '', digest = 'sha1' } = {}) =>
  createHmac(digest, key).update(`koa.sid=${id}`).digest('base64url')

/** The cookies of a browser that has this id. */
export const signed = (id: string, how?: Parameters<typeof sign>[1]) =>
  `koa.sid=${id}; koa.sid.sig=${sign(id, how)}`

export interface Answer {
  status: number
  /** The Set-Cookie lines. */
  cookies: string[]
  errors: unknown[]
}

/** An app with the middleware, asked without a network in between. */
export interface App {
  koa: Koa
  send(url: string, cookie: string): Promise<Answer>
  close(): void
}

/** Throws what the middleware throws for these options, which may be anything. */
export function open(options: unknown, handler: (ctx: Context) => unknown): App {
  const koa = new Koa()
  koa.keys = KEYS
  const errors: unknown[] = []
  koa.on('error', (error) => errors.push(error))
  const middleware: SessionMiddleware<unknown> = Reflect.apply(session, undefined, [options])
  // A record may ask for a cookie that needs TLS.
  koa.use((ctx, next) => {
    ctx.cookies.secure = true
    return next()
  })
  koa.use(middleware)
  koa.use(async (ctx) => {
    await handler(ctx)
    ctx.body = 'done'
  })
  const handle = koa.callback()
  return {
    koa,
    async send(url, cookie) {
      errors.length = 0
      const { status, cookies } = await inject(handle, url, cookie)
      return { status, cookies, errors: [...errors] }
    },
    close: () => middleware.close(),
  }
}
