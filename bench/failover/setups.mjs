import { once } from 'node:events'
import { Cluster, Redis } from 'ioredis'
import { Cluster as ValkeyCluster } from 'iovalkey'
import { createCluster } from 'redis'
import { RedisCluster } from '../../test/services/redis-cluster.ts'
import { RedisSentinels } from '../../test/services/redis-sentinel.ts'

/** How each client connects. `group`: the kind of servers that it connects to. */
export const SETUPS = {
  'ioredis Cluster': {
    group: 'cluster',
    connect: (cluster) => ready(new Cluster(cluster.nodes)),
  },
  'iovalkey Cluster': {
    group: 'cluster',
    connect: (cluster) => ready(new ValkeyCluster(cluster.nodes)),
  },
  'node-redis Cluster': { group: 'cluster', connect: (cluster) => nodeRedis(cluster) },
  'node-redis Cluster, refresh 500': {
    group: 'cluster',
    connect: (cluster) => nodeRedis(cluster, { topologyRefreshOnReconnectionAttemptStrategy: 500 }),
  },
  'ioredis Sentinel': {
    group: 'sentinel',
    connect: ({ nodes, group }) => ready(new Redis({ sentinels: nodes, name: group })),
  },
}

async function ready(client) {
  client.on('error', () => undefined)
  await once(client, 'ready')
  return { client, quit: () => client.disconnect() }
}

async function nodeRedis(cluster, options = {}) {
  const client = createCluster({ rootNodes: cluster.urls.map((url) => ({ url })), ...options })
  client.on('error', () => undefined)
  await client.connect()
  return { client, quit: () => client.destroy() }
}

/** For each kind: how to start it, the primary to kill, and its replicas. */
export const GROUPS = {
  cluster: {
    start: () => RedisCluster.start(),
    primary: (cluster) => cluster.primaryOf(0),
    replicas: async (cluster) => [await cluster.replicaOf(await cluster.primaryOf(0))],
  },
  sentinel: {
    start: () => RedisSentinels.start(),
    primary: (group) => group.primary(),
    replicas: async (group) => {
      const primary = await group.primary()
      return group.servers.filter((server) => server !== primary)
    },
  },
}
