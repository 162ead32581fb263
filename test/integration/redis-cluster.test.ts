import { randomUUID } from 'node:crypto'
import { GlideClusterClient, Logger } from '@valkey/valkey-glide'
import { Cluster } from 'ioredis'
import { Cluster as ValkeyCluster } from 'iovalkey'
import { createCluster } from 'redis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { slotOf } from '../../src/stores/redis/command.js'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import type { RedisServer } from '../services/redis.js'
import { ask, idOf, RedisCluster } from '../services/redis-cluster.js'
import { Monitor } from '../support/monitor.js'

// It writes what it meets to stderr by itself.
Logger.setLoggerConfig('off')

const later = () => Date.now() + 60_000

let cluster: RedisCluster
beforeAll(async () => {
  cluster = await RedisCluster.start()
})
afterAll(() => cluster[Symbol.asyncDispose]())

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

type Options = Omit<RedisStoreOptions, 'client'>

const CLIENTS: [string, () => Promise<RedisStoreOptions['client']>][] = [
  [
    'ioredis',
    async () => {
      const client = new Cluster(cluster.nodes)
      ends.push(() => client.disconnect())
      return client
    },
  ],
  [
    'iovalkey',
    async () => {
      const client = new ValkeyCluster(cluster.nodes)
      ends.push(() => client.disconnect())
      return client
    },
  ],
  [
    'node-redis',
    async () => {
      // Sessions are read where they are written all the same.
      const rootNodes = cluster.urls.map((url) => ({ url }))
      const client = createCluster({ rootNodes, useReplicas: true })
      ends.push(() => client.destroy())
      await client.connect()
      return client
    },
  ],
  [
    'valkey-glide',
    async () => {
      const client = await GlideClusterClient.createClient({ addresses: cluster.nodes })
      ends.push(() => client.close())
      return client
    },
  ],
]

/** Every command on a key of this prefix, whichever primary it came to. */
async function watch(prefix: string) {
  const shards = await cluster.shards()
  const monitors = await Promise.all(
    shards.map(({ port }) => Monitor.start(`redis://127.0.0.1:${port}`)),
  )
  ends.push(() => monitors.forEach((monitor) => void monitor.stop()))
  return async () => {
    const taken = await Promise.all(monitors.map((monitor) => monitor.taken()))
    return taken.flat().filter((args) => args.some((arg) => arg.includes(prefix)))
  }
}

describe.each(CLIENTS)('a cluster, through %s', (_name, connect) => {
  async function open(options: Options = {}) {
    const store = new RedisStore({ client: await connect(), ...options })
    ends.push(() => store.close())
    return { store, prefix: `cluster:${randomUUID()}:` }
  }

  test('every call is one command on one key, wherever that lies', async () => {
    const { store, prefix } = await open()
    const keys = Array.from({ length: 30 }, (_, at) => `${prefix}${at}`)
    // Each node is sent the script once.
    for (const key of keys) await store.replace(key, 'x', 'y', later())
    const taken = await watch(prefix)
    for (const key of keys) await store.create(key, 'a', later())
    for (const key of keys) await store.load(key)
    for (const key of keys) await store.load(key, later())
    for (const key of keys)
      expect(await store.replace(key, 'a', 'b', later())).toEqual({ ok: true })
    for (const key of keys) expect(await store.touch(key, later())).toBe(true)
    for (const key of keys) expect(await store.destroy(key)).toBe(true)
    const commands = await taken()
    const names = commands.map(([name]) => name?.toUpperCase())
    const each = (name: string) => Array(keys.length).fill(name)
    expect(names.toSorted()).toEqual(
      ['DEL', 'EVALSHA', 'GET', 'GETEX', 'PEXPIRE', 'SET'].flatMap(each),
    )
    for (const args of commands) expect(args.filter((arg) => arg.includes(prefix))).toHaveLength(1)
    const holders = await Promise.all(keys.map((key) => cluster.primaryOf(slotOf(key))))
    expect(new Set(holders).size).toBe(3)
  })

  test('each node is sent the script when it has lost it', async () => {
    const { store, prefix } = await open()
    await Promise.all(cluster.servers.map((node) => ask(node, (one) => one.script('FLUSH'))))
    for (let at = 0; at < 10; at++) {
      await store.create(`${prefix}${at}`, 'a', later())
      expect(await store.replace(`${prefix}${at}`, 'a', 'b', later())).toEqual({ ok: true })
    }
  })

  test('scan tells the records of all nodes', async () => {
    const { store, prefix } = await open()
    const keys = Array.from({ length: 50 }, (_, at) => `${prefix}${at}`)
    for (const key of keys) await store.create(key, `of ${key}`, later())
    const found = new Map<string, string>()
    let cursor: string | undefined
    do {
      const page = await store.scan(prefix, cursor, 7)
      for (const { key, value } of page.records) found.set(key, value)
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(found).toEqual(new Map(keys.map((key) => [key, `of ${key}`])))
  })

  test('a cursor of other nodes than there are now begins anew', async () => {
    const { store, prefix } = await open()
    const keys = Array.from({ length: 5 }, (_, at) => `${prefix}${at}`)
    for (const key of keys) await store.create(key, 'a', later())
    const found = new Set<string>()
    let cursor: string | undefined = '00000000:2:17'
    do {
      const page = await store.scan(prefix, cursor, 1000)
      for (const { key } of page.records) found.add(key)
      cursor = page.cursor
    } while (cursor !== undefined)
    expect([...found].toSorted()).toEqual(keys)
  })
})

describe.each<[string, typeof Cluster]>([
  ['ioredis', Cluster],
  ['iovalkey', ValkeyCluster as unknown as typeof Cluster],
])('a keyPrefix, through a Cluster of %s', (_name, Client) => {
  test.each([
    { keyPrefix: 'app1:' },
    { redisOptions: { keyPrefix: 'app1:' } },
  ])('%j', async (options) => {
    const client = new Client(cluster.nodes, options)
    ends.push(() => client.disconnect())
    for (const more of [{}, { waitReplicas: { replicas: 1, timeout: 4000 } }]) {
      const store = new RedisStore({ client, ...more })
      ends.push(() => store.close())
      const key = `prefixed:${randomUUID()}`
      expect(await store.create(key, 'a', later())).toBe(true)
      expect(await store.replace(key, 'a', 'b', later())).toEqual({ ok: true })
      const stored = `app1:${key}`
      const server = await cluster.primaryOf(slotOf(stored))
      expect(await ask(server, (one) => one.get(stored))).toBe('b')
      expect((await everything(store, key)).map((record) => record.key)).toEqual([key])
    }
  })
})

async function everything(store: RedisStore, prefix: string) {
  const first = await store.scan(prefix, undefined, 100)
  const records = [...first.records]
  for (let { cursor } = first; cursor !== undefined; ) {
    const page = await store.scan(prefix, cursor, 100)
    records.push(...page.records)
    cursor = page.cursor
  }
  return records
}

/** A key of one slot, and the two nodes between which that slot moves. */
async function migration() {
  const tag = `{${randomUUID()}}`
  const slot = slotOf(tag)
  const shards = await cluster.shards()
  const source = await cluster.primaryOf(slot)
  const other = shards.find(({ port }) => port !== source.port)
  const target = cluster.servers.find(({ port }) => port === other?.port)
  if (!target) throw new Error('There is but one primary')
  const [from, to] = await Promise.all([source, target].map(idOf))
  const set = (server: RedisServer, ...args: string[]) =>
    ask(server, (client) => client.call('CLUSTER', 'SETSLOT', `${slot}`, ...args))
  const move = (...keys: string[]) =>
    ask(source, (client) =>
      client.call('MIGRATE', '127.0.0.1', target.port, '', 0, 1000, 'KEYS', ...keys),
    )
  return {
    tag,
    async begin() {
      await set(target, 'IMPORTING', `${from}`)
      await set(source, 'MIGRATING', `${to}`)
    },
    move,
    /** Keys of other tests may lie in the same slot. */
    async moveAll() {
      const keys = await ask(source, (client) =>
        client.call('CLUSTER', 'GETKEYSINSLOT', slot, 1000),
      )
      await move(...(Array.isArray(keys) ? keys.map(String) : []))
    },
    async end() {
      await set(target, 'NODE', `${to}`)
      await set(source, 'NODE', `${to}`)
    },
  }
}

describe.each(CLIENTS)('a slot that moves, through %s', (name, connect) => {
  const modes: Options[] = [{}]
  if (name !== 'valkey-glide') modes.push({ waitReplicas: { replicas: 1, timeout: 4000 } })

  test.each(modes)('calls follow it: %j', async (options) => {
    const store = new RedisStore({ client: await connect(), ...options })
    ends.push(() => store.close())
    const { tag, begin, move, moveAll, end } = await migration()
    const [stays, moves, comes] = [`${tag}:stays`, `${tag}:moves`, `${tag}:comes`]
    for (const key of [stays, moves]) await store.create(key, 'a', later())
    await begin()
    await move(moves)
    for (const key of [stays, moves]) {
      expect(await store.load(key)).toBe('a')
      expect(await store.replace(key, 'a', 'b', later())).toEqual({ ok: true })
    }
    expect(await store.create(comes, 'a', later())).toBe(true)
    await moveAll()
    await end()
    for (const key of [stays, moves]) {
      expect(await store.load(key, later())).toBe('b')
      expect(await store.replace(key, 'b', 'c', later())).toEqual({ ok: true })
    }
    expect(await store.destroy(comes)).toBe(true)
  })
})
