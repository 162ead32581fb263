import { GlideClient } from '@valkey/valkey-glide'
import { Cluster, Redis } from 'ioredis'
import { createClient, createClientPool, createSentinel } from 'redis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import { RedisServer } from '../services/redis.js'
import { ask, until } from '../services/redis-cluster.js'
import { BreakableWay } from '../support/breakable.js'

const later = () => Date.now() + 60_000
const waitReplicas = { replicas: 1, timeout: 4000 }

let primary: RedisServer
let replica: RedisServer
let proxy: BreakableWay
beforeAll(async () => {
  primary = await RedisServer.start(['--repl-diskless-sync-delay', '0'])
  replica = await RedisServer.start(['--replicaof', '127.0.0.1', `${primary.port}`])
  proxy = await BreakableWay.to(primary.port)
  await followed()
})
afterAll(async () => {
  await proxy.close()
  await replica[Symbol.asyncDispose]()
  await primary[Symbol.asyncDispose]()
})

const followed = () =>
  until('the replica follows', () =>
    ask(primary, async (client) => (await client.info('replication')).includes(',state=online')),
  )

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

describe.each<[string, () => Promise<RedisStoreOptions['client']>]>([
  [
    'ioredis',
    async () => {
      const client = new Redis(proxy.port, { retryStrategy: () => 20 })
      ends.push(() => client.disconnect())
      await client.ping()
      return client
    },
  ],
  [
    'node-redis',
    async () => {
      const client = createClient({ socket: { port: proxy.port, reconnectStrategy: () => 20 } })
      ends.push(() => client.destroy())
      client.on('error', () => undefined)
      await client.connect()
      return client
    },
  ],
])('waitReplicas, through %s', (name, connect) => {
  async function open(wanted: { replicas: number; timeout: number }) {
    const store = new RedisStore({ client: await connect(), waitReplicas: wanted })
    ends.push(() => store.close())
    const key = `wait:${name}:${Math.random()}`
    return { store, key }
  }

  test('what was written is on the replica when the call answers', async () => {
    const { store, key } = await open(waitReplicas)
    const onReplica = () => ask(replica, (client) => client.get(key))
    expect(await store.create(key, 'a', later())).toBe(true)
    expect(await onReplica()).toBe('a')
    expect(await store.create(key, 'x', later())).toBe(false)
    expect(await store.replace(key, 'a', 'b', later())).toEqual({ ok: true })
    expect(await onReplica()).toBe('b')
    expect(await store.replace(key, 'a', 'c', later())).toEqual({ ok: false, current: 'b' })
    expect(await store.destroy(key)).toBe(true)
    expect(await onReplica()).toBeNull()
  })

  test('too few replicas: the call fails and says so, and the write stands', async () => {
    const { store, key } = await open({ replicas: 2, timeout: 50 })
    await expect(store.create(key, 'a', later())).rejects.toMatchObject({
      code: 'ERR_SESSION_UNAVAILABLE',
      status: 503,
      message: expect.stringMatching(/^A write is stored on the primary, but only 1 of 2 replicas/),
    })
    expect(await store.load(key)).toBe('a')
    // Nothing was written: nothing to wait for.
    expect(await store.create(key, 'b', later())).toBe(false)
  })

  test('the writes of one turn share a WAIT', async () => {
    const { store, key } = await open(waitReplicas)
    const waits = async () => {
      const text = await ask(primary, (client) => client.info('commandstats'))
      return Number(/cmdstat_wait:calls=(\d+)/.exec(text)?.[1] ?? 0)
    }
    const before = await waits()
    const keys = Array.from({ length: 20 }, (_, at) => `${key}:${at}`)
    await Promise.all(keys.map((each) => store.create(each, 'a', later())))
    expect((await waits()) - before).toBeLessThan(keys.length)
  })

  test('a connection that breaks between a write and its WAIT proves nothing', async () => {
    const { store, key } = await open(waitReplicas)
    proxy.cutAnswer({ after: 1 })
    const error = await store.create(key, 'a', later()).catch((reason) => reason)
    expect(error).toMatchObject({ code: 'ERR_SESSION_UNAVAILABLE', status: 503 })
    expect(error.message).toMatch(/connection broke/)
    await until('it answers', async () => (await store.load(key)) === 'a')
  })
})

test('a primary that is demoted while a write waits, or right after it: 503', async () => {
  const server = await RedisServer.start()
  ends.push(() => server[Symbol.asyncDispose]())
  const client = new Redis(server.port)
  ends.push(() => client.disconnect())
  const store = new RedisStore({ client, waitReplicas })
  const demoted = {
    code: 'ERR_SESSION_UNAVAILABLE',
    status: 503,
    message: expect.stringMatching(/it became a replica/),
  }
  const waiting = store.create('demoted:a', 'a', later()).catch((reason) => reason)
  await until('it waits', () =>
    ask(server, async (side) => (await side.info('clients')).includes('blocked_clients:1')),
  )
  await ask(server, (side) => side.replicaof('127.0.0.1', primary.port))
  expect(await waiting).toMatchObject(demoted)
  // It takes the write, as if it was demoted only after that.
  await ask(server, (side) => side.config('SET', 'replica-read-only', 'no'))
  await until('its connection is back', async () => (await store.load('demoted:x')) === undefined)
  await expect(store.create('demoted:b', 'a', later())).rejects.toMatchObject(demoted)
})

describe('waitReplicas at construction', () => {
  const idle = () => {
    const client = new Redis({ lazyConnect: true })
    ends.push(() => client.disconnect())
    return client
  }

  test.each([
    [{ replicas: 0, timeout: 10 }, 'ERR_SESSION_OPTION'],
    [{ replicas: 1.5, timeout: 10 }, 'ERR_SESSION_OPTION'],
    [{ replicas: 1, timeout: 10, more: 1 }, 'ERR_SESSION_OPTION'],
    [5, 'ERR_SESSION_OPTION'],
    [null, 'ERR_SESSION_OPTION'],
    [{ replicas: 1 }, 'ERR_SESSION_DURATION'],
    [{ replicas: 1, timeout: 0 }, 'ERR_SESSION_DURATION'],
    [{ replicas: 1, timeout: 5001 }, 'ERR_SESSION_DURATION'],
  ])('%j: %s', (wanted, code) => {
    const options = { client: idle(), waitReplicas: wanted as typeof waitReplicas }
    expect(() => new RedisStore(options)).toThrow(expect.objectContaining({ code }))
  })

  test('a client that does not tell where it writes is refused', async () => {
    const addresses = [{ host: '127.0.0.1', port: primary.port }]
    const glide = await GlideClient.createClient({ addresses })
    ends.push(() => glide.close())
    const clients = [
      createClientPool(),
      createSentinel({ name: 'x', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] }),
      glide,
    ]
    for (const client of clients) {
      expect(() => new RedisStore({ client, waitReplicas })).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_CLIENT' }),
      )
      expect(() => new RedisStore({ client })).not.toThrow()
    }
  })
})

describe('other options', () => {
  test.each([
    0,
    -1,
    Number.NaN,
    '5s',
    Number.POSITIVE_INFINITY,
    2 ** 31,
  ])('a commandTimeout of %s is refused', (value) => {
    const client = new Redis({ lazyConnect: true })
    const make = () => new RedisStore({ client, commandTimeout: value as number })
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SESSION_DURATION' }))
    client.disconnect()
  })

  test('an unknown one is refused', () => {
    const client = new Redis({ lazyConnect: true })
    const options = { client, prefix: 'x:' }
    expect(() => new RedisStore(options)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_OPTION' }),
    )
    client.disconnect()
  })

  test.each([
    'slave',
    'all',
  ] as const)('a Cluster that reads from replicas (%s) is refused', (scaleReads) => {
    const client = new Cluster([{ port: 1 }], { lazyConnect: true, scaleReads })
    expect(() => new RedisStore({ client })).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CLIENT' }),
    )
    client.disconnect()
  })
})

test('WAIT on a client whose connections cannot be identified proves nothing', async () => {
  const events = { on: () => undefined, off: () => undefined }
  const client = {
    ...events,
    isReady: true,
    sendCommand: async ([name]: string[]) => (name === 'wait' ? 1 : 'OK'),
  }
  const store = new RedisStore({ client, waitReplicas })
  await expect(store.create('key', 'value', later())).rejects.toMatchObject({ status: 503 })
})
