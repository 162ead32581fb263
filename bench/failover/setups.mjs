import { once } from 'node:events'
import { Cluster, Redis } from 'ioredis'
import { Redis as Valkey, Cluster as ValkeyCluster } from 'iovalkey'
import { createCluster, createSentinel } from 'redis'
import { RedisCluster } from '../../test/services/redis-cluster.ts'
import { RedisSentinels } from '../../test/services/redis-sentinel.ts'
import { EVERY, HANGING, NO_WAIT, WITH_ALL } from './faults.mjs'

/** How each client connects, to which kind of servers, and what is measured with it. */
export const SETUPS = {
  'ioredis Cluster': {
    group: 'cluster',
    cells: EVERY,
    connect: (cluster) => ready(new Cluster(cluster.nodes)),
  },
  'iovalkey Cluster': {
    group: 'cluster',
    cells: EVERY,
    connect: (cluster) => ready(new ValkeyCluster(cluster.nodes)),
  },
  'node-redis Cluster': {
    group: 'cluster',
    cells: EVERY,
    connect: (cluster) => nodeRedis(cluster),
  },
  'node-redis Cluster, refresh 500': {
    group: 'cluster',
    cells: EVERY,
    connect: (cluster) => nodeRedis(cluster, { topologyRefreshOnReconnectionAttemptStrategy: 500 }),
  },
  'ioredis Sentinel, failoverDetector': {
    group: 'sentinel',
    cells: WITH_ALL,
    connect: (group) => ready(new Redis({ ...bySentinel(group), failoverDetector: true })),
  },
  'ioredis Sentinel': {
    group: 'sentinel',
    cells: HANGING,
    connect: (group) => ready(new Redis(bySentinel(group))),
  },
  'iovalkey Sentinel, failoverDetector': {
    group: 'sentinel',
    cells: NO_WAIT,
    connect: (group) => ready(new Valkey({ ...bySentinel(group), failoverDetector: true })),
  },
  'iovalkey Sentinel': {
    group: 'sentinel',
    cells: NO_WAIT,
    connect: (group) => ready(new Valkey(bySentinel(group))),
  },
  'node-redis Sentinel': {
    group: 'sentinel',
    cells: NO_WAIT,
    connect: async ({ nodes, group }) => {
      const client = createSentinel({ name: group, sentinelRootNodes: nodes })
      client.on('error', () => undefined)
      await client.connect()
      return { client, quit: () => client.destroy() }
    },
  },
}

function bySentinel({ nodes, group }) {
  return { sentinels: nodes, name: group }
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

/** For each kind: how to start it, the primary that fails, and its replicas. */
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
