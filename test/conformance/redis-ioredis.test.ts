import { Redis } from 'ioredis'
import { afterAll, describe, it } from 'vitest'
import { RedisStore } from '../../src/stores/redis/store.js'
import { testStore } from '../../src/testing.js'
import { RedisServer } from '../services/redis.js'

const server = await RedisServer.start()
afterAll(() => server[Symbol.asyncDispose]())

const create = () => {
  const client = new Redis(server.url, { maxRetriesPerRequest: 0, retryStrategy: () => 20 })
  return { store: new RedisStore({ client }), close: () => client.disconnect() }
}
const outage = { down: () => server.stop(), up: () => server.start() }

testStore(create, { describe, it, outage, connections: 4, name: 'RedisStore on ioredis' })
testStore(create, { describe, it, outage, strong: false, name: 'the same by get, set, destroy' })
