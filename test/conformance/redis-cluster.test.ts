import { GlideClusterClient } from '@valkey/valkey-glide'
import { Cluster } from 'ioredis'
import { Cluster as ValkeyCluster } from 'iovalkey'
import { createCluster } from 'redis'
import { afterAll, describe, it } from 'vitest'
import { testStore } from '../../src/testing.js'
import { RedisCluster } from '../services/redis-cluster.js'
import { redisInTurn } from './in-turn.js'

const cluster = await RedisCluster.start()
const { nodes, urls } = cluster

const twice = <T>(connect: () => T): [T, T] => [connect(), connect()]
const ioredis = twice(() => new Cluster(nodes))
const iovalkey = twice(() => new ValkeyCluster(nodes))
const nodeRedis = twice(() => createCluster({ rootNodes: urls.map((url) => ({ url })) }))
await Promise.all(nodeRedis.map((client) => client.connect()))
const glide = await Promise.all(
  twice(() => GlideClusterClient.createClient({ addresses: nodes, requestTimeout: 4000 })),
)

afterAll(async () => {
  for (const client of [...ioredis, ...iovalkey]) client.disconnect()
  for (const client of nodeRedis) client.destroy()
  for (const client of glide) client.close()
  await cluster[Symbol.asyncDispose]()
})

const waitReplicas = { replicas: 1, timeout: 4000 }

for (const [name, create] of Object.entries({
  'a Cluster of ioredis': redisInTurn(ioredis),
  'a Cluster of iovalkey': redisInTurn(iovalkey),
  createCluster: redisInTurn(nodeRedis),
  GlideClusterClient: redisInTurn(glide),
  'a Cluster of ioredis, waiting for a replica': redisInTurn(ioredis, { waitReplicas }),
}))
  testStore(create, { describe, it, connections: 2, writers: 8, name: `RedisStore on ${name}` })
