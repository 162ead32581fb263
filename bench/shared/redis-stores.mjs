import { Redis } from 'ioredis'
import koaRedis from 'koa-redis'
import { RedisStore } from 'koa-sess/redis'
import { createClient } from 'redis'

/** The usual Redis store of each package, on its own client. The name after a comma is another client. */
export const REDIS_STORES = {
  'koa-sess': (url) => new RedisStore({ client: new Redis(url) }),
  'koa-sess, node-redis': async (url) =>
    new RedisStore({ client: await createClient({ url }).connect() }),
  'koa-sess, node-redis with clientSideCache': nearCached,
  'koa-session': (url) => jsonOnRedis(new Redis(url)),
  'koa-generic-session': (url) => koaRedis({ url }),
}

/** koa-session has no Redis store: this is the one that its readme describes. */
export function jsonOnRedis(client) {
  return {
    get: async (key) => JSON.parse(await client.get(key)),
    set: (key, value, maxAge) => client.set(key, JSON.stringify(value), 'PX', maxAge),
    destroy: (key) => client.del(key),
  }
}

/** Reads come from memory until Redis reports a write. In node-redis, only the method `get` is cached. */
async function nearCached(url) {
  const clientSideCache = { maxEntries: 10_000, ttl: 0 }
  const client = await createClient({ url, RESP: 3, clientSideCache }).connect()
  const sendCommand = (command) =>
    command[0] === 'get' ? client.get(command[1]) : client.sendCommand(command)
  const events = { on: client.on.bind(client), off: client.off.bind(client) }
  return new RedisStore({ client: { isReady: true, sendCommand, ...events } })
}
