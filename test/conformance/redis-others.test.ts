import { GlideClient } from '@valkey/valkey-glide'
import { createClientPool } from 'redis'
import { afterAll, describe, it } from 'vitest'
import { RedisStore } from '../../src/stores/redis/store.js'
import { testStore } from '../../src/testing.js'
import { RedisServer } from '../services/redis.js'

const server = await RedisServer.start()
afterAll(() => server[Symbol.asyncDispose]())

const onPool = async () => {
  const client = createClientPool({ url: server.url })
  const store = new RedisStore({ client })
  await client.connect()
  return { store, close: () => client.destroy() }
}

const onGlide = async () => {
  const addresses = [{ host: '127.0.0.1', port: server.port }]
  const client = await GlideClient.createClient({ addresses })
  return { store: new RedisStore({ client }), close: () => client.close() }
}

testStore(onPool, {
  describe,
  it,
  connections: 2,
  writers: 8,
  name: 'RedisStore on createClientPool',
})
testStore(onGlide, { describe, it, connections: 2, writers: 8, name: 'RedisStore on GlideClient' })
