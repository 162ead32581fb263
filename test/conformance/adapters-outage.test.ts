import { RedisStore as ConnectRedis } from 'connect-redis'
import { Redis } from 'ioredis'
import Keyv from 'keyv'
import { createClient } from 'redis'
import { createStorage } from 'unstorage'
import redisDriver from 'unstorage/drivers/redis'
import { afterAll, describe, it } from 'vitest'
import { fromExpressStore, fromKeyv, fromUnstorage } from '../../src/adapters.js'
import { type CreateStore, testStore } from '../../src/testing.js'
import { RedisServer } from '../services/redis.js'
import { RedisAdapter } from '../support/foreign.js'

const server = await RedisServer.start()
afterAll(() => server[Symbol.asyncDispose]())

const ioredis = { maxRetriesPerRequest: 0, retryStrategy: () => 20 }

const OPEN: Record<string, CreateStore> = {
  async 'connect-redis'() {
    const socket = { reconnectStrategy: 20 }
    const client = createClient({ url: server.url, disableOfflineQueue: true, socket })
    client.on('error', () => undefined)
    await client.connect()
    const store = fromExpressStore(new ConnectRedis({ client }))
    return { store, close: () => client.destroy() }
  },
  'Keyv on Redis'() {
    const client = new Redis(server.url, ioredis)
    client.on('error', () => undefined)
    const keyv = new Keyv({ store: new RedisAdapter(client), throwOnErrors: true })
    return { store: fromKeyv(keyv), close: () => client.disconnect() }
  },
  'unstorage on Redis'() {
    const driver = redisDriver({ url: server.url, ...ioredis })
    driver.getInstance?.().on('error', () => undefined)
    const storage = createStorage({ driver })
    return { store: fromUnstorage(storage), close: () => storage.dispose() }
  },
}

const outage = { down: () => server.stop(), up: () => server.start() }

// The rest of the suite is done where the server stays.
for (const [name, open] of Object.entries(OPEN)) {
  const only = (group: string, define: () => void) =>
    group === name || group === 'outage' ? describe(group, define) : undefined
  testStore(open, { describe: only, it, name, outage, strong: false })
}
