import { Redis } from 'ioredis'
import koaRedis from 'koa-redis'
import { RedisStore } from 'koa-sess/redis'

/** The store that people use with each package, on a client of its own. */
export const REDIS_STORES = {
  'koa-sess': (url) => new RedisStore({ client: new Redis(url) }),
  'koa-session': (url) => jsonOnRedis(new Redis(url)),
  'koa-generic-session': (url) => koaRedis({ url }),
}

/** koa-session has no store of its own: this is what its readme asks for. */
export function jsonOnRedis(client) {
  return {
    get: async (key) => JSON.parse(await client.get(key)),
    set: (key, value, maxAge) => client.set(key, JSON.stringify(value), 'PX', maxAge),
    destroy: (key) => client.del(key),
  }
}
