import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createSentinel } from 'redis'
import { afterAll, describe, it } from 'vitest'
import { testStore } from '../../src/testing.js'
import { RedisSentinels } from '../services/redis-sentinel.js'
import { redisInTurn } from './in-turn.js'

const sentinels = await RedisSentinels.start()
const { nodes, group: name } = sentinels

const twice = <T>(connect: () => T): [T, T] => [connect(), connect()]
const ioredis = twice(() => new Redis({ sentinels: nodes, name }))
const iovalkey = twice(() => new Valkey({ sentinels: nodes, name }))
const nodeRedis = twice(() => createSentinel({ name, sentinelRootNodes: nodes }))
await Promise.all(nodeRedis.map((client) => client.connect()))

afterAll(async () => {
  for (const client of [...ioredis, ...iovalkey]) client.disconnect()
  for (const client of nodeRedis) client.destroy()
  await sentinels[Symbol.asyncDispose]()
})

for (const [title, create] of Object.entries({
  'ioredis by Sentinel': redisInTurn(ioredis),
  'iovalkey by Sentinel': redisInTurn(iovalkey),
  createSentinel: redisInTurn(nodeRedis),
}))
  testStore(create, { describe, it, connections: 2, writers: 8, name: `RedisStore on ${title}` })
