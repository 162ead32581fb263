import { once } from 'node:events'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, describe } from 'vitest'
import { RedisCluster } from '../services/redis-cluster.js'
import { openRedis } from '../support/backends.js'
import { playAll } from './all.js'
import { MODES } from './modes.js'

const cluster = await RedisCluster.start()
const ioredis = new Cluster(cluster.nodes)
await once(ioredis, 'ready')
const nodeRedis = createCluster({ rootNodes: cluster.urls.map((url) => ({ url })) })
await nodeRedis.connect()
afterAll(async () => {
  await Promise.all([ioredis.quit(), nodeRedis.close()])
  await cluster[Symbol.asyncDispose]()
})

const commands = {
  /** Keys of all nodes: KEYS asks one only. */
  async keys(pattern: string) {
    const found = await Promise.all(ioredis.nodes('master').map((node) => node.keys(pattern)))
    return found.flat()
  },
  get: (key: string) => ioredis.get(key),
  del: (key: string) => ioredis.del(key),
}
const onIoRedis = async () => openRedis(ioredis, commands)
const onNodeRedis = async () => openRedis(nodeRedis, commands)

describe('RedisStore, a Cluster of ioredis', () => playAll(onIoRedis, MODES))
describe('RedisStore, createCluster', () => playAll(onNodeRedis, MODES.slice(1, 2)))
