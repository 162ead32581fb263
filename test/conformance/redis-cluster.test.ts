import { GlideClusterClient } from '@valkey/valkey-glide'
import { Cluster } from 'ioredis'
import { Cluster as ValkeyCluster } from 'iovalkey'
import { createCluster } from 'redis'
import { afterAll, describe, it } from 'vitest'
import { RedisStore } from '../../src/stores/redis.js'
import { testStore } from '../../src/testing/suite.js'
import { RedisCluster } from '../services/redis-cluster.js'

const cluster = await RedisCluster.start()
afterAll(() => cluster[Symbol.asyncDispose]())

const onIoRedis = () => {
  const client = new Cluster(cluster.nodes)
  return { store: new RedisStore({ client }), close: () => client.disconnect() }
}

const onIoValkey = () => {
  const client = new ValkeyCluster(cluster.nodes)
  return { store: new RedisStore({ client }), close: () => client.disconnect() }
}

const onNodeRedis = async () => {
  const client = createCluster({ rootNodes: cluster.urls.map((url) => ({ url })) })
  const store = new RedisStore({ client })
  await client.connect()
  return { store, close: () => client.destroy() }
}

const onGlide = async () => {
  const client = await GlideClusterClient.createClient({ addresses: cluster.nodes })
  return { store: new RedisStore({ client }), close: () => client.close() }
}

const waiting = () => {
  const client = new Cluster(cluster.nodes)
  const store = new RedisStore({ client, waitReplicas: { replicas: 1, timeout: 4000 } })
  return { store, close: () => client.disconnect() }
}

testStore(onIoRedis, { describe, it, connections: 4, name: 'RedisStore on a Cluster of ioredis' })
testStore(onIoValkey, { describe, it, connections: 2, name: 'RedisStore on a Cluster of iovalkey' })
testStore(onNodeRedis, { describe, it, connections: 2, name: 'RedisStore on createCluster' })
testStore(onGlide, { describe, it, connections: 2, name: 'RedisStore on GlideClusterClient' })
testStore(waiting, { describe, it, connections: 2, name: 'RedisStore that waits for a replica' })
