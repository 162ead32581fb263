import { createClient } from 'redis'
import { afterAll, describe, it } from 'vitest'
import { RedisStore } from '../../src/stores/redis/store.js'
import { testStore } from '../../src/testing.js'
import { RedisServer } from '../services/redis.js'

const server = await RedisServer.start()
afterAll(() => server[Symbol.asyncDispose]())

const create = async () => {
  const socket = { reconnectStrategy: () => 20 }
  const client = createClient({ url: server.url, socket, disableOfflineQueue: true })
  const store = new RedisStore({ client })
  await client.connect()
  return { store, close: () => client.destroy() }
}
const outage = { down: () => server.stop(), up: () => server.start() }

testStore(create, { describe, it, outage, connections: 4, name: 'RedisStore on node-redis' })
