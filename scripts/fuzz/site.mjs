import { createHmac } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import Koa from 'koa'
import session from '../../.fuzz/index.js'

export const KEYS = [
  'a secret of the fuzzer, and a long one',
  'an older secret that is as long as that',
]

export const sign = (id, key = KEYS[0]) =>
  createHmac('sha1', key).update(`koa.sid=${id}`).digest('base64url')

/** An app with the middleware, called without a network. */
export function open(options, handler) {
  const app = new Koa()
  app.keys = KEYS
  const errors = []
  app.on('error', (error) => errors.push(error))
  const middleware = session(options)
  // The cookie in a record may be secure, which needs TLS.
  app.use((ctx, next) => {
    ctx.cookies.secure = true
    return next()
  })
  app.use(middleware)
  app.use(async (ctx) => {
    await handler(ctx)
    ctx.body = 'done'
  })
  const handle = app.callback()
  return {
    async send(url, cookie) {
      errors.length = 0
      const response = await answer(handle, url, cookie)
      return { status: response.statusCode, errors: [...errors] }
    },
    close: () => middleware.close(),
  }
}

function answer(handle, url, cookie) {
  const request = new IncomingMessage(new Socket())
  request.method = 'GET'
  request.url = url
  request.headers = { host: 'localhost', cookie }
  const response = new ServerResponse(request)
  return new Promise((resolve) => {
    response.end = () => {
      resolve(response)
      return response
    }
    handle(request, response)
  })
}

/** Wraps a store: records the keys of its calls, and throws for a deadline that is no integer. */
export function recordKeys(store, keys) {
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name)
      if (typeof method !== 'function' || name === 'on' || name === 'off') return method
      return (...args) => {
        keys.push(args[0])
        const numbers = args.slice(name === 'set' ? 2 : 1).filter((arg) => typeof arg === 'number')
        if (!numbers.every(Number.isSafeInteger))
          throw new Error(`${String(name)} was called with a deadline that is no integer`)
        return method.apply(target, args)
      }
    },
  })
}
