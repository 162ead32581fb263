import { once } from 'node:events'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createSentinel } from 'redis'
import { test } from 'vitest'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import { ask, until } from '../services/redis-cluster.js'
import { RedisSentinels } from '../services/redis-sentinel.js'
import { type Fault, survive } from './survive.js'

type Options = Omit<RedisStoreOptions, 'client'>
type Connect = (
  sentinels: RedisSentinels,
) => Promise<{ client: RedisStoreOptions['client']; quit(): unknown }>

const onIoRedis: Connect = async ({ nodes, group }) => {
  const client = new Redis({ sentinels: nodes, name: group, failoverDetector: true })
  client.on('error', () => undefined)
  await once(client, 'ready')
  return { client, quit: () => client.disconnect() }
}

const onIoValkey: Connect = async ({ nodes, group }) => {
  const client = new Valkey({ sentinels: nodes, name: group, failoverDetector: true })
  client.on('error', () => undefined)
  await once(client, 'ready')
  return { client, quit: () => client.disconnect() }
}

const onNodeRedis: Connect = async ({ nodes, group }) => {
  const client = createSentinel({ name: group, sentinelRootNodes: nodes })
  await client.connect()
  return { client, quit: () => client.destroy() }
}

// Most of a failover is waiting, so these run side by side.
test.concurrent.for<[string, Connect, Options]>([
  ['ioredis', onIoRedis, {}],
  ['ioredis', onIoRedis, { waitReplicas: { replicas: 1, timeout: 500 } }],
  ['ioredis', onIoRedis, { waitReplicas: { replicas: 'all', timeout: 500 } }],
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

/** It hangs until it was replaced, and is then demoted, as Sentinel does after some seconds. */
const hang = (group: RedisSentinels): Fault => ({
  begin: (primary) => primary.pause(),
  async end(primary) {
    primary.resume()
    const { port } = await group.primary()
    // Time for writes to come to the old primary, if the client goes on with it.
    await until('it knows the new primary', () =>
      ask(primary, async (client) => {
        const info = await client.info('replication')
        return info.includes('role:slave') || (await client.replicaof('127.0.0.1', port)) === 'OK'
      }),
    )
    await ask(primary, (client) => client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'))
  },
})

test.concurrent.for<[string, Connect]>([
  ['ioredis', onIoRedis],
  ['iovalkey', onIoValkey],
  ['node-redis', onNodeRedis],
])(
  'the primary of a Sentinel trio hangs and comes back: no later write is lost, through %s',
  { timeout: 60_000 },
  async ([, connect], { expect, onTestFinished }) => {
    const group = await RedisSentinels.start()
    onTestFinished(() => group[Symbol.asyncDispose]())
    const { client, quit } = await connect(group)
    onTestFinished(async () => void (await quit()))
    const store = new RedisStore({ client, commandTimeout: 1000 })
    onTestFinished(() => store.close())
    const primary = await group.primary()
    const tookOver = async () => (await group.primary()) !== primary
    const lost = await survive(store, primary, tookOver, hang(group))
    expect(lost.filter((before) => before < 0)).toEqual([])
  },
)
