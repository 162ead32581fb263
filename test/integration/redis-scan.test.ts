import { randomUUID } from 'node:crypto'
import { GlideClient, Logger } from '@valkey/valkey-glide'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient, createClientPool, createCluster } from 'redis'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import { RedisServer } from '../services/redis.js'

// It writes what it meets to stderr by itself.
Logger.setLoggerConfig('off')

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const closing = <T>(client: T, end: (client: T) => unknown): T => {
  ends.push(() => end(client))
  return client
}

const CLIENTS: [string, (url: string) => Promise<RedisStoreOptions['client']>][] = [
  ['ioredis', async (url) => closing(new Redis(url), (one) => one.disconnect())],
  [
    'ioredis with a keyPrefix',
    async (url) => closing(new Redis(url, { keyPrefix: 'a[p]p:' }), (one) => one.disconnect()),
  ],
  [
    'iovalkey with a keyPrefix',
    async (url) => closing(new Valkey(url, { keyPrefix: 'a*p:' }), (one) => one.disconnect()),
  ],
  [
    'node-redis',
    async (url) => {
      const client = closing(createClient({ url }), (one) => one.destroy())
      await client.connect()
      return client
    },
  ],
  [
    'a pool of node-redis',
    async (url) => {
      const client = closing(createClientPool({ url }), (one) => one.destroy())
      await client.connect()
      return client
    },
  ],
  [
    'valkey-glide',
    async (url) => {
      const { hostname: host, port } = new URL(url)
      const addresses = [{ host, port: Number(port || 6379) }]
      return closing(await GlideClient.createClient({ addresses }), (one) => one.close())
    },
  ],
]

describe.each(CLIENTS)('scan, through %s', (_name, connect) => {
  async function open() {
    const client = await connect(inject('redisUrl'))
    const store = new RedisStore({ client })
    ends.push(() => store.close())
    return { store, prefix: `scan:${randomUUID()}:` }
  }

  async function all(store: RedisStore, prefix: string, count?: number) {
    const pages = [await store.scan(prefix, undefined, count)]
    for (let { cursor } = { ...pages[0] }; cursor !== undefined; ) {
      const page = await store.scan(prefix, cursor, count)
      pages.push(page)
      cursor = page.cursor
    }
    return { pages, records: pages.flatMap(({ records }) => records) }
  }

  test('every record of a prefix, and its deadline, in pages', async () => {
    const { store, prefix } = await open()
    const deadlines = new Map<string, number>()
    for (let at = 0; at < 40; at++) {
      deadlines.set(`${prefix}${at}`, Date.now() + 60_000 + at * 1000)
      await store.create(`${prefix}${at}`, `value ${at}`, Date.now() + 60_000 + at * 1000)
    }
    await store.create(`x${prefix}1`, 'of another prefix', Date.now() + 60_000)
    const { pages, records } = await all(store, prefix, 10)
    expect(pages.length).toBeGreaterThan(1)
    const found = new Map(records.map((record) => [record.key, record]))
    expect([...found.keys()].toSorted()).toEqual([...deadlines.keys()].toSorted())
    for (const [key, deadline] of deadlines) {
      expect(found.get(key)?.value).toBe(`value ${key.slice(prefix.length)}`)
      // Two clocks count it down, in whole ms.
      expect(Math.abs((found.get(key)?.expiresAt ?? 0) - deadline)).toBeLessThan(2000)
    }
  })

  test('a prefix is text, not a pattern', async () => {
    const { store, prefix } = await open()
    const odd = `${prefix}a*?[b-c]\\^:`
    await store.create(`${odd}1`, 'a', Date.now() + 60_000)
    await store.create(`${prefix}aaab\\^:2`, 'b', Date.now() + 60_000)
    await store.create(`${prefix}a*?c:3`, 'c', Date.now() + 60_000)
    const { records } = await all(store, odd)
    expect(records.map(({ key }) => key)).toEqual([`${odd}1`])
  })

  test('a record without a deadline ends in a day; expired ones and other kinds are left out', async () => {
    const { store, prefix } = await open()
    const raw = closing(new Redis(inject('redisUrl')), (one) => one.disconnect())
    await store.create(`${prefix}forever`, 'a', Date.now() + 60_000)
    const [stored = ''] = await raw.keys(`*${prefix}forever`)
    await raw.persist(stored)
    await raw.lpush(stored.replace('forever', 'list'), 'x')
    await store.create(`${prefix}short`, 'a', Date.now() + 60_000)
    await store.touch(`${prefix}short`, Date.now() - 1)
    const { records } = await all(store, prefix)
    expect(records.map(({ key, value }) => [key, value])).toEqual([[`${prefix}forever`, 'a']])
    const day = (records[0]?.expiresAt ?? 0) - Date.now()
    expect(Math.abs(day - 86_400_000)).toBeLessThan(10_000)
    await raw.del(stored, stored.replace('forever', 'list'))
  })

  test('nothing there: one page, or empty ones until the end', async () => {
    const { store, prefix } = await open()
    expect((await all(store, prefix)).records).toEqual([])
  })

  test('a cursor that is none begins anew', async () => {
    const { store, prefix } = await open()
    await store.create(`${prefix}1`, 'a', Date.now() + 60_000)
    const keys: string[] = []
    let cursor: string | undefined = 'nonsense'
    do {
      const page = await store.scan(prefix, cursor, 100_000)
      keys.push(...page.records.map(({ key }) => key))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(keys).toContain(`${prefix}1`)
  })
})

test('a cluster that is not connected is no empty one', async () => {
  const client = createCluster({ rootNodes: [{ url: inject('redisUrl') }] })
  const store = new RedisStore({ client })
  await expect(store.scan('x')).rejects.toMatchObject({ code: 'ERR_SESSION_UNAVAILABLE' })
  store.close()
})

/** Reads pages until half of the keys are found. @returns the cursor, and the keys. */
async function scanHalf(store: RedisStore, prefix: string, total: number) {
  const found = new Set<string>()
  let cursor: string | undefined
  do {
    const page = await store.scan(prefix, cursor, 10)
    for (const { key } of page.records) found.add(key)
    cursor = page.cursor
  } while (cursor !== undefined && found.size < total / 2)
  return { cursor, found }
}

async function fill(store: RedisStore, prefix: string, total: number): Promise<string[]> {
  const keys = Array.from({ length: total }, (_, at) => `${prefix}${at}`)
  for (const key of keys) await store.create(key, 'a', Date.now() + 60_000)
  return keys
}

describe.each(CLIENTS)('a server that restarts, through %s', (_name, connect) => {
  test('a cursor of the process before misses no record, in another instance', async () => {
    const server = await RedisServer.start()
    ends.push(() => server[Symbol.asyncDispose]())
    const open = async () => {
      const store = new RedisStore({ client: await connect(server.url) })
      ends.push(() => store.close())
      return store
    }
    const keys = await fill(await open(), 'restart:', 300)
    const { cursor, found } = await scanHalf(await open(), 'restart:', keys.length)
    expect(cursor).toBeDefined()
    await server.restart()
    const store = await open()
    // It keeps nothing on disk.
    await fill(store, 'restart:', keys.length)
    for (let next = cursor; next !== undefined; ) {
      const page = await store.scan('restart:', next, 10)
      for (const { key } of page.records) found.add(key)
      next = page.cursor
    }
    expect(keys.filter((key) => !found.has(key))).toEqual([])
  })
})

/** A server that answers by itself. `run_id` is asked for each INFO. */
function fakeServer({ processes, mode = 'standalone', cluster = {} }: FakeServer) {
  const scans: string[][] = []
  const client = {
    on: () => undefined,
    off: () => undefined,
    isReady: true,
    sendCommand: async (args: string[]) => {
      const name = args.join(' ')
      if (name === 'info server') return `redis_mode:${mode}\r\n${processes.shift() ?? ''}\r\n`
      if (name === 'cluster info') return cluster.info ?? 'cluster_state:ok'
      if (name === 'cluster nodes') return cluster.nodes
      if (args[0] === 'scan') scans.push(args)
      return args[0] === 'scan' ? ['0', []] : null
    },
  }
  return { store: new RedisStore({ client }), scans }
}

interface FakeServer {
  processes: string[]
  mode?: string
  cluster?: { info?: string; nodes?: string }
}

test('a server that is replaced while it answers: the scan begins anew', async () => {
  const { store, scans } = fakeServer({
    processes: ['a', 'b', 'b', 'b'].map((id) => `run_id:${id}`),
  })
  const { cursor } = await store.scan('x')
  expect(cursor).toBeDefined()
  expect(await store.scan('x', cursor)).toEqual({ records: [], cursor: undefined })
  expect(scans.map(([, position]) => position)).toEqual(['0', '0'])
})

test('a server without run_id is refused', async () => {
  const { store } = fakeServer({ processes: [''] })
  await expect(store.scan('x')).rejects.toMatchObject({
    code: 'ERR_SESSION_STORE',
    message: expect.stringMatching(/no run_id/),
  })
})

const node = (slots: string) => `1 127.0.0.1:1@2 myself,master - 0 0 1 connected ${slots}\n`

test.each<[string, FakeServer['cluster'], RegExp]>([
  ['slots are missing', { nodes: node('0-100 102-16383') }, /all primaries/],
  ['the last slot is missing', { nodes: node('0-16382') }, /all primaries/],
  ['the node has no slots', { nodes: node('') }, /all primaries/],
  ['the node is not ok', { nodes: node('0-16383'), info: 'cluster_state:fail' }, /all primaries/],
  ['slots are moving', { nodes: node('0-16383 [5->-2]') }, /are moving/],
])('a cluster where %s is refused', async (_name, cluster, message) => {
  const { store, scans } = fakeServer({
    processes: Array(9).fill('run_id:a'),
    mode: 'cluster',
    cluster: cluster ?? {},
  })
  await expect(store.scan('x')).rejects.toMatchObject({
    code: 'ERR_SESSION_UNAVAILABLE',
    message: expect.stringMatching(message),
  })
  expect(scans).toEqual([])
})

test('a cluster of one node that has all slots is scanned', async () => {
  const { store } = fakeServer({
    processes: Array(9).fill('run_id:a'),
    mode: 'cluster',
    cluster: { nodes: node('0-99 100 101-16383') },
  })
  expect(await store.scan('x')).toEqual({ records: [], cursor: undefined })
})
