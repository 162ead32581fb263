import { once } from 'node:events'
import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { afterEach, expect, test } from 'vitest'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis.js'
import { RedisSentinels } from '../services/redis-sentinel.js'
import { survive } from './survive.js'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

type Options = Omit<RedisStoreOptions, 'client'>
type Client = RedisStoreOptions['client']

async function onIoRedis(group: RedisSentinels): Promise<Client> {
  const client = new Redis({ sentinels: group.nodes, name: group.group })
  ends.push(() => client.disconnect())
  client.on('error', () => undefined)
  await once(client, 'ready')
  return client
}

async function onNodeRedis(group: RedisSentinels): Promise<Client> {
  const client = createSentinel({ name: group.group, sentinelRootNodes: group.nodes })
  ends.push(() => client.destroy())
  await client.connect()
  return client
}

test.each<[string, (group: RedisSentinels) => Promise<Client>, Options]>([
  ['ioredis', onIoRedis, {}],
  ['ioredis', onIoRedis, { waitReplicas: { replicas: 1, timeout: 500 } }],
  ['node-redis', onNodeRedis, {}],
])('the primary of a Sentinel trio is killed under load, through %s', async (_name, connect, options) => {
  const group = await RedisSentinels.start()
  ends.push(() => group[Symbol.asyncDispose]())
  const store = new RedisStore({ client: await connect(group), commandTimeout: 1000, ...options })
  ends.push(() => store.close())
  const primary = await group.primary()
  const lost = await survive(store, primary, async () => (await group.primary()) !== primary)
  // One of the two replicas has it, and Sentinel chooses the one that is ahead.
  if (options.waitReplicas) expect(lost).toEqual([])
})
