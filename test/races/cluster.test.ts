import { once } from 'node:events'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, describe } from 'vitest'
import { RedisCluster } from '../services/redis-cluster.js'
import { type Opened, openRedis } from '../support/backends.js'
import { MODES, playAll } from './all.js'

const cluster = await RedisCluster.start()
afterAll(() => cluster[Symbol.asyncDispose]())

/** Keys of all nodes: KEYS asks one only. */
async function keysOf(client: Cluster, pattern: string): Promise<string[]> {
  const found = await Promise.all(client.nodes('master').map((node) => node.keys(pattern)))
  return found.flat()
}

async function connect(): Promise<Cluster> {
  const client = new Cluster(cluster.nodes)
  await once(client, 'ready')
  return client
}

async function onIoRedis(): Promise<Opened> {
  const client = await connect()
  const commands = {
    keys: (pattern: string) => keysOf(client, pattern),
    get: (key: string) => client.get(key),
    del: (key: string) => client.del(key),
  }
  return openRedis(client, commands, () => client.quit())
}

async function onNodeRedis(): Promise<Opened> {
  const side = await connect()
  const client = createCluster({ rootNodes: cluster.urls.map((url) => ({ url })) })
  await client.connect()
  const commands = {
    keys: (pattern: string) => keysOf(side, pattern),
    get: (key: string) => side.get(key),
    del: (key: string) => side.del(key),
  }
  return openRedis(client, commands, () => Promise.all([client.close(), side.quit()]))
}

describe('RedisStore, a Cluster of ioredis', () => playAll(onIoRedis, MODES))
describe('RedisStore, createCluster', () => playAll(onNodeRedis, MODES.slice(1, 2)))
