import { randomUUID } from 'node:crypto'
import { GlideClient, Logger } from '@valkey/valkey-glide'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient, createClientPool, createCluster } from 'redis'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'

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
      // Counted down on two clocks, and told in whole ms.
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
