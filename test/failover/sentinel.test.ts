import { once } from 'node:events'
import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { test } from 'vitest'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import { RedisSentinels } from '../services/redis-sentinel.js'
import { survive } from './survive.js'

type Options = Omit<RedisStoreOptions, 'client'>
type Connect = (
  sentinels: RedisSentinels,
) => Promise<{ client: RedisStoreOptions['client']; quit(): unknown }>

const onIoRedis: Connect = async ({ nodes, group }) => {
  const client = new Redis({ sentinels: nodes, name: group })
  client.on('error', () => undefined)
  await once(client, 'ready')
  return { client, quit: () => client.disconnect() }
}

const onNodeRedis: Connect = async ({ nodes, group }) => {
  const client = createSentinel({ name: group, sentinelRootNodes: nodes })
  await client.connect()
  return { client, quit: () => client.destroy() }
}

// Most of a failover is waiting: they run side by side.
test.concurrent.for<[string, Connect, Options]>([
  ['ioredis', onIoRedis, {}],
  ['ioredis', onIoRedis, { waitReplicas: { replicas: 1, timeout: 500 } }],
  ['node-redis', onNodeRedis, {}],
])(
  'the primary of a Sentinel trio is killed under load, through %s',
  { timeout: 60_000 },
  async ([, connect, options], { expect, onTestFinished }) => {
    const group = await RedisSentinels.start()
    onTestFinished(() => group[Symbol.asyncDispose]())
    const { client, quit } = await connect(group)
    onTestFinished(async () => void (await quit()))
    const store = new RedisStore({ client, commandTimeout: 1000, ...options })
    onTestFinished(() => store.close())
    const primary = await group.primary()
    const lost = await survive(store, primary, async () => (await group.primary()) !== primary)
    // One of the two replicas has it, and Sentinel chooses the one that is ahead.
    if (options.waitReplicas) expect(lost).toEqual([])
  },
)
