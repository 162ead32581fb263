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

describe("waitReplicas: { replicas: 'all' }", () => {
  const all = { replicas: 'all', timeout: 2000 } as const

  async function startTrio() {
    const start = async (...options: string[]) => {
      const server = await RedisServer.start(['--repl-diskless-sync-delay', '0', ...options])
      ends.push(() => server[Symbol.asyncDispose]())
      return server
    }
    const leader = await start()
    const followers = [1, 2].map(() => start('--replicaof', '127.0.0.1', `${leader.port}`))
    const [first, second] = await Promise.all(followers)
    if (!first || !second) throw new Error('Two replicas')
    await until('both follow', () =>
      ask(leader, async (client) =>
        /(state=online[\s\S]*){2}/.test(await client.info('replication')),
      ),
    )
    return { leader, first, second }
  }

  function open(server: RedisServer, options: RedisStoreOptions['waitReplicas'] = all) {
    const client = new Redis(server.port)
    const store = new RedisStore({ client, waitReplicas: options })
    ends.push(
      () => client.disconnect(),
      () => store.close(),
    )
    return store
  }

  test('a write is on every replica when the call answers', async () => {
    const { leader, first, second } = await startTrio()
    const store = open(leader)
    expect(await store.create('all', 'a', later())).toBe(true)
    for (const server of [first, second])
      expect(await ask(server, (client) => client.get('all'))).toBe('a')
  })

  test('a primary that one of two replicas replaced: a write fails that the other one has', async () => {
    const { leader, first, second } = await startTrio()
    const [store, one] = [open(leader), open(leader, waitReplicas)]
    expect(await store.create('before', 'a', later())).toBe(true)
    await ask(first, (client) => client.replicaof('NO', 'ONE'))
    await until('it left', () =>
      ask(leader, async (client) =>
        (await client.info('replication')).includes('connected_slaves:1'),
      ),
    )
    await expect(store.create('after', 'a', later())).rejects.toMatchObject({
      status: 503,
      message: expect.stringMatching(/only 1 of 2 replicas/),
    })
    // This one is lost as soon as the primary follows the new one.
    expect(await one.create('lost', 'a', later())).toBe(true)
    // The new primary has one replica, and a write counts once that one has it.
    await ask(second, (client) => client.replicaof('127.0.0.1', first.port))
    await until('it follows', () =>
      ask(first, async (client) => (await client.info('replication')).includes('state=online')),
    )
    const replaced = open(first)
    expect(await replaced.create('new', 'a', later())).toBe(true)
    expect(await ask(second, (client) => client.get('new'))).toBe('a')
  })

  test('a primary without replicas: writes fail', async () => {
    const server = await RedisServer.start()
    ends.push(() => server[Symbol.asyncDispose]())
    await expect(open(server).create('alone', 'a', later())).rejects.toMatchObject({
      message: expect.stringMatching(/only 0 of 1 replicas/),
    })
  })

  test('the number is that of the primary, and another one after a failover', async () => {
    const line = 'slave0:ip=::1,port=1,state=online,offset=1,lag=0\r\n'
    const syncing = line.replace('online', 'wait_bgsave')
    let replication = ''
    const waits: unknown[] = []
    const client = {
      on: () => undefined,
      off: () => undefined,
      isReady: true,
      socketEpoch: 1,
      sendCommand: async ([name, count]: string[]) => {
        if (name === 'info') return replication
        if (name !== 'wait') return 'OK'
        waits.push(count)
        return Number(count)
      },
    }
    const store = new RedisStore({ client, waitReplicas: all })
    for (const [id, replicas] of [
      ['a', line + line],
      ['a', line],
      ['b', line],
      ['b', line + syncing],
      ['b', line + line + line],
      ['a', ''],
    ]) {
      replication = `role:master\r\n${replicas}master_replid:${id}\r\nmaster_replid2:0\r\n`
      await store.create('key', 'value', later())
    }
    expect(waits).toEqual(['2', '2', '1', '1', '3', '2'])
  })
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
    [{ replicas: 'most', timeout: 10 }, 'ERR_SESSION_OPTION'],
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

  test('a client that does not expose where it writes is refused', async () => {
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

test('a connection that cannot be identified proves nothing', async () => {
  const events = { on: () => undefined, off: () => undefined }
  const client = {
    ...events,
    isReady: true,
    sendCommand: async ([name]: string[]) => (name === 'wait' ? 1 : 'OK'),
  }
  const store = new RedisStore({ client, waitReplicas })
  await expect(store.create('key', 'value', later())).rejects.toMatchObject({ status: 503 })
})
