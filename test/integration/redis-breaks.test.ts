import { type EventEmitter, once } from 'node:events'
import { Cluster, Redis } from 'ioredis'
import { Redis as Valkey, Cluster as ValkeyCluster } from 'iovalkey'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { slotOf } from '../../src/stores/redis/command.js'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import { RedisServer } from '../services/redis.js'
import { ask, RedisCluster, until } from '../services/redis-cluster.js'
import { RedisSentinels } from '../services/redis-sentinel.js'
import { BreakableWay } from '../support/breakable.js'

type Client = RedisStoreOptions['client']

const KEY = 'breaks'
const later = () => Date.now() + 60_000

let server: RedisServer
let group: RedisSentinels
let cluster: RedisCluster
beforeAll(async () => {
  server = await RedisServer.start()
  group = await RedisSentinels.start()
  cluster = await RedisCluster.start()
})
afterAll(async () => {
  for (const each of [server, group, cluster]) await each[Symbol.asyncDispose]()
})

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function ofValkey<T extends Redis | Valkey | Cluster | ValkeyCluster>(client: T): T {
  ends.push(() => client.disconnect())
  return client
}

async function ofRedis<
  T extends { connect(): Promise<unknown>; destroy(): unknown; on(...args: never[]): unknown },
>(client: T): Promise<T> {
  ends.push(() => client.destroy())
  await client.connect()
  return client
}

/**
 * Ends the connections of all clients but this one's, as a network does that lost them. Those of
 * Sentinels stay: without them, Sentinels may take the primary for down, and replace it.
 */
const cut = (to: RedisServer) =>
  ask(to, async (client) => {
    const own = `id=${await client.client('ID')} `
    const list = String(await client.call('CLIENT', 'LIST', 'TYPE', 'normal'))
    const lines = list
      .split('\n')
      .filter((line) => !line.startsWith(own) && !/ name=sentinel-/.test(line))
    const ids = lines.flatMap((line) => /^id=(\d+) /.exec(line)?.[1] ?? [])
    await Promise.all(ids.map((id) => client.call('CLIENT', 'KILL', 'ID', id)))
  })

function open(client: Client) {
  const store = new RedisStore({ client })
  ends.push(() => store.close())
  const emitted: string[] = []
  store.on('disconnect', () => emitted.push('disconnect'))
  store.on('connect', () => emitted.push('connect'))
  const answers = () =>
    until('it answers', async () => (await store.load(`${KEY}:absent`)) === undefined)
  return { store, emitted, answers }
}

describe.each<[string, () => Promise<Client>]>([
  ['ioredis', async () => ofValkey(new Redis(server.port))],
  ['iovalkey', async () => ofValkey(new Valkey(server.port))],
  ['node-redis', () => ofRedis(createClient({ url: server.url }))],
  [
    'ioredis by Sentinel',
    async () => ofValkey(new Redis({ sentinels: group.nodes, name: group.group })),
  ],
])('one server, through %s', (name, connect) => {
  test('every break emits disconnect, then connect, and is counted', async () => {
    const { store, emitted, answers } = open(await connect())
    await answers()
    emitted.length = 0
    for (let breaks = 1; breaks <= 2; breaks++) {
      const before = store.breaks
      await cut(name.includes('Sentinel') ? await group.primary() : server)
      await until('both are emitted', async () => emitted.length === 2)
      expect(emitted.splice(0)).toEqual(['disconnect', 'connect'])
      expect(store.breaks).toBe(before + 1)
      await answers()
    }
  })
})

describe.each<[string, () => Promise<Client>]>([
  ['createClientPool', () => ofRedis(createClientPool({ url: server.url }))],
  [
    'createSentinel',
    () =>
      ofRedis(
        createSentinel({
          name: group.group,
          sentinelRootNodes: group.nodes,
          passthroughClientErrorEvents: true,
        }),
      ),
  ],
  ['a Cluster of ioredis', async () => ofValkey(new Cluster(cluster.nodes))],
  [
    'a Cluster of ioredis whose nodes reconnect by themselves',
    async () => ofValkey(new Cluster(cluster.nodes, { clusterNodeRetryStrategy: () => 20 })),
  ],
  ['a Cluster of iovalkey', async () => ofValkey(new ValkeyCluster(cluster.nodes))],
  [
    'createCluster',
    () => ofRedis(createCluster({ rootNodes: cluster.urls.map((url) => ({ url })) })),
  ],
])('several connections, through %s', (name, connect) => {
  test('a break of one is counted, and the store stays connected', async () => {
    const { store, emitted, answers } = open(await connect())
    await answers()
    emitted.length = 0
    const serverOf = async () => {
      if (name === 'createClientPool') return server
      if (name === 'createSentinel') return group.primary()
      return cluster.primaryOf(slotOf(`${KEY}:absent`))
    }
    for (let turn = 0; turn < 2; turn++) {
      const before = store.breaks
      await cut(await serverOf())
      await until('it is counted', async () => store.breaks > before)
      await answers()
    }
    expect(emitted).toEqual([])
  })

  test('close takes its listeners off the client', async () => {
    const client = await connect()
    const store = new RedisStore({ client })
    await store.load(KEY)
    const emitter = client as unknown as EventEmitter
    const counts = () => emitter.eventNames().map((event) => emitter.listenerCount(event))
    const before = counts()
    new RedisStore({ client }).close()
    expect(counts()).toEqual(before)
    store.close()
  })
})

test('a command that ioredis sends a second time: the break is counted before its answer', async () => {
  const proxy = await BreakableWay.to(server.port)
  ends.push(() => proxy.close())
  const client = ofValkey(new Redis(proxy.port, { retryStrategy: () => 20 }))
  await once(client, 'ready')
  const { store } = open(client)
  await store.create(`${KEY}:resent`, 'a', later())
  // Afterwards the server knows the script, and a replace is one command.
  await store.replace(`${KEY}:resent`, 'x', 'y', later())
  const before = store.breaks
  proxy.cutAnswer()
  expect(await store.replace(`${KEY}:resent`, 'a', 'b', later())).toEqual({
    ok: false,
    current: 'b',
  })
  expect(store.breaks).toBe(before + 1)
})
