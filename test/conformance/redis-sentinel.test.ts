import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { afterAll, describe, it } from 'vitest'
import { RedisStore } from '../../src/stores/redis.js'
import { testStore } from '../../src/testing/suite.js'
import { RedisSentinels } from '../services/redis-sentinel.js'

const group = await RedisSentinels.start()
afterAll(() => group[Symbol.asyncDispose]())

const onIoRedis = () => {
  const client = new Redis({ sentinels: group.nodes, name: group.group })
  return { store: new RedisStore({ client }), close: () => client.disconnect() }
}

const onNodeRedis = async () => {
  const client = createSentinel({ name: group.group, sentinelRootNodes: group.nodes })
  const store = new RedisStore({ client })
  await client.connect()
  return { store, close: () => client.destroy() }
}

testStore(onIoRedis, { describe, it, connections: 2, name: 'RedisStore on ioredis by Sentinel' })
testStore(onNodeRedis, { describe, it, connections: 2, name: 'RedisStore on createSentinel' })
