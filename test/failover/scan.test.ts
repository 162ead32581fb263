import { once } from 'node:events'
import { Cluster, Redis } from 'ioredis'
import { createCluster, createSentinel } from 'redis'
import { describe, test } from 'vitest'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import { ask, RedisCluster, until } from '../services/redis-cluster.js'
import { RedisSentinels } from '../services/redis-sentinel.js'

type Client = RedisStoreOptions['client']
type Finally = (end: () => void | Promise<void>) => void
type Connect<T> = (servers: T, atEnd: Finally) => Promise<Client>

const TOTAL = 600
const PREFIX = 'scan:'

/** Scans to the end, through calls that fail while no server serves. `between` runs at half. */
async function missedBy(store: RedisStore, between: () => Promise<void>): Promise<string[]> {
  const keys = Array.from({ length: TOTAL }, (_, at) => `${PREFIX}${at}`)
  for (const key of keys) await store.create(key, 'a', Date.now() + 600_000)
  const found = new Set<string>()
  let cursor: string | undefined
  const readPage = async () => {
    const page = await store.scan(PREFIX, cursor, 20)
    for (const { key } of page.records) found.add(key)
    cursor = page.cursor
  }
  do await readPage()
  while (cursor !== undefined && found.size < TOTAL / 2)
  await between()
  while (cursor !== undefined)
    await until('a page is read', async () => {
      await readPage()
      return true
    })
  return keys.filter((key) => !found.has(key))
}

describe('a Sentinel trio', { timeout: 60_000 }, () => {
  test.concurrent.for<[string, Connect<RedisSentinels>]>([
    [
      'ioredis',
      async ({ nodes, group }, atEnd) => {
        const client = new Redis({ sentinels: nodes, name: group, failoverDetector: true })
        atEnd(() => client.disconnect())
        await once(client, 'ready')
        return client
      },
    ],
    [
      'node-redis',
      async ({ nodes, group }, atEnd) => {
        const client = createSentinel({ name: group, sentinelRootNodes: nodes })
        atEnd(async () => void (await client.destroy()))
        await client.connect()
        return client
      },
    ],
  ])('a scan through %s goes on after a failover, and misses no record', async ([, connect], {
    expect,
    onTestFinished,
  }) => {
    const group = await RedisSentinels.start()
    onTestFinished(() => group[Symbol.asyncDispose]())
    const store = new RedisStore({ client: await connect(group, onTestFinished) })
    onTestFinished(() => store.close())
    const primary = await group.primary()
    const [sentinel] = group.sentinels
    const missed = await missedBy(store, async () => {
      if (sentinel)
        await ask(sentinel, (client) => client.call('SENTINEL', 'FAILOVER', group.group))
      await until('the client follows the new primary', async () => {
        const current = await group.primary()
        if (current === primary) return false
        await store.set('followed', {})
        return (await ask(current, (client) => client.exists('followed'))) === 1
      })
    })
    expect(missed).toEqual([])
  })
})

describe('a Cluster', { timeout: 60_000 }, () => {
  test.concurrent.for<[string, Connect<RedisCluster>]>([
    [
      'ioredis',
      async ({ nodes }, atEnd) => {
        const client = new Cluster(nodes)
        atEnd(() => client.disconnect())
        await once(client, 'ready')
        return client
      },
    ],
    [
      'node-redis',
      async ({ urls }, atEnd) => {
        const client = createCluster({ rootNodes: urls.map((url) => ({ url })) })
        atEnd(() => client.destroy())
        client.on('error', () => undefined)
        await client.connect()
        return client
      },
    ],
  ])('a scan through %s goes on after its nodes failed over and back', async ([, connect], {
    expect,
    onTestFinished,
  }) => {
    const cluster = await RedisCluster.start()
    onTestFinished(() => cluster[Symbol.asyncDispose]())
    const store = new RedisStore({ client: await connect(cluster, onTestFinished) })
    onTestFinished(() => store.close())
    const takeOver = async (from: number) => {
      const primary = await cluster.primaryOf(from)
      const replica = await cluster.replicaOf(primary)
      await ask(replica, (client) => client.call('CLUSTER', 'FAILOVER'))
      await until('it took over', async () => (await cluster.primaryOf(from)) === replica)
      return primary
    }
    const missed = await missedBy(store, async () => {
      // The same addresses as before, and other processes.
      for (const { from } of await cluster.shards()) {
        const primary = await takeOver(from)
        await primary.restart()
        await cluster.whole()
        await takeOver(from)
        await cluster.whole()
      }
    })
    expect(missed).toEqual([])
  })
})
