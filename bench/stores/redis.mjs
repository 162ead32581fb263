import { Redis } from 'ioredis'
import { RedisStore } from 'koa-sess/redis'
import { startRedis } from '../shared/redis.mjs'

const DAY = ['PX', 86_400_000]

export async function openRedis() {
  const server = await startRedis()
  const [ours, client] = [new Redis(server.url), new Redis(server.url)]
  return {
    store: new RedisStore({ client: ours }),
    raw: {
      read: ({ key }) => client.get(key),
      'rolling read': ({ key }) => client.getex(key, ...DAY),
      write: ({ key, value }) => client.set(key, value, ...DAY),
      create: ({ key, value }) => client.set(key, value, ...DAY, 'NX'),
    },
    concurrency: 64,
    versions: { Redis: server.version },
    bytes: async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))[1]),
    async close() {
      ours.disconnect()
      client.disconnect()
      await server.stop()
    },
  }
}
