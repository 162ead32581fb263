import { Cluster, Redis } from 'ioredis'
import { Redis as Valkey, Cluster as ValkeyCluster } from 'iovalkey'
import { createClient, createCluster } from 'redis'
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import { RedisServer } from '../services/redis.js'
import { ask, until } from '../services/redis-cluster.js'
import { freePort } from '../services/server.js'
import { BASICS, serve } from '../support/site.js'

type Client = RedisStoreOptions['client']

interface Target {
  port: number
  password?: string
  /** The index of a database. */
  db?: number
  tls?: boolean
}

const CLIENTS: [string, (target: Target) => Client][] = [
  [
    'ioredis',
    ({ tls, ...target }) => opened(new Redis({ ...target, ...(tls && { tls: {} }), ...FAST })),
  ],
  [
    'iovalkey',
    ({ tls, ...target }) => opened(new Valkey({ ...target, ...(tls && { tls: {} }), ...FAST })),
  ],
  [
    'node-redis',
    ({ port, password, db, tls }) => {
      const socket = {
        host: '127.0.0.1',
        port,
        reconnectStrategy: () => 20,
        connectTimeout: 500,
      }
      const client = createClient({
        socket: tls ? { ...socket, tls: true } : socket,
        ...(password !== undefined && { password }),
        ...(db !== undefined && { database: db }),
      })
      client.connect().catch(() => undefined)
      ends.push(() => client.destroy())
      return client
    },
  ],
]
const FAST = { host: '127.0.0.1', retryStrategy: () => 20, connectTimeout: 500 }

const ends: (() => unknown)[] = []
let emitWarning: MockInstance<typeof process.emitWarning>
beforeEach(() => {
  emitWarning = vi.spyOn(process, 'emitWarning').mockReturnValue()
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  vi.restoreAllMocks()
})

function opened<C extends Redis | Valkey>(client: C): C {
  ends.push(() => client.disconnect())
  return client
}

async function start(...options: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(options)
  ends.push(() => server[Symbol.asyncDispose]())
  return server
}

function storeOf(client: Client, commandTimeout = 5000): RedisStore {
  const store = new RedisStore({ client, commandTimeout })
  ends.push(() => store.close())
  return store
}

const warnings = () =>
  emitWarning.mock.calls.filter(
    ([, details]) => Reflect.get(Object(details), 'code') === 'KOA_SESS_REDIS_ERROR',
  )

/** The failure of a call once the client has reported why it is not connected. */
async function failureOf(store: RedisStore): Promise<Error> {
  await until('the client reports an error', async () => store.lastError !== undefined)
  return store.load('key').then(
    () => new Error('It did not fail'),
    (error) => error,
  )
}

describe.each(CLIENTS)('a client that cannot connect, through %s', (_name, connect) => {
  const UNAVAILABLE = { code: 'ERR_SESSION_UNAVAILABLE', status: 503 }
  const broken: [string, () => Promise<Target>, RegExp][] = [
    ['a port that is refused', async () => ({ port: await freePort() }), /ECONNREFUSED/],
    [
      'a wrong password',
      async () => {
        const server = await start()
        await ask(server, (client) => client.config('SET', 'requirepass', 'right'))
        return { port: server.port, password: 'wrong' }
      },
      /WRONGPASS/,
    ],
    ['TLS against a plain port', async () => ({ port: (await start()).port, tls: true }), /./],
  ]

  test.each(
    broken,
  )('%s is the cause of the 503, and is said once', async (_what, target, reason) => {
    const store = storeOf(connect(await target()), 200)
    const error = await failureOf(store)
    expect(error).toMatchObject(UNAVAILABLE)
    expect(String(error.cause)).toMatch(reason)
    const site = await serve(BASICS, { store, reconnectTimeout: 100 })
    ends.push(() => site.close())
    expect((await site.browser().get('/set')).status).toBe(503)
    expect(site.errors).toMatchObject([UNAVAILABLE])
    expect(String(site.errors[0]?.cause)).toMatch(reason)
    expect(warnings()).toHaveLength(1)
    expect(String(warnings()[0]?.[0])).toMatch(reason)
    expect(String(warnings()[0]?.[0])).not.toContain('wrong')
  })

  test('once it is connected, earlier errors are the cause of nothing', async () => {
    const server = await start()
    await server.stop()
    const store = storeOf(connect({ port: server.port }))
    await until('the client reports an error', async () => store.lastError !== undefined)
    await server.start()
    await until('it is connected', async () => store.lastError === undefined)
    expect(await store.load('key')).toBe(undefined)
    expect(warnings()).toHaveLength(1)
  })
})

type Node = { host: string; port: number }
const CLUSTERS: [string, (node: Node) => Client][] = [
  ['ioredis', (node) => ended(new Cluster([node], { clusterRetryStrategy: () => 20 }))],
  ['iovalkey', (node) => ended(new ValkeyCluster([node], { clusterRetryStrategy: () => 20 }))],
  [
    'node-redis',
    ({ host, port }) => {
      const client = createCluster({ rootNodes: [{ url: `redis://${host}:${port}` }] })
      client.connect().catch(() => undefined)
      ends.push(() => client.destroy())
      return client
    },
  ],
]

function ended<C extends Cluster | ValkeyCluster>(client: C): C {
  ends.push(() => client.disconnect())
  return client
}

test.each(
  CLUSTERS,
)('a Cluster that is away, through %s: the reason is the cause', async (_name, open) => {
  const store = storeOf(open({ host: '127.0.0.1', port: await freePort() }), 500)
  const error = await failureOf(store)
  expect(error).toMatchObject({ code: 'ERR_SESSION_UNAVAILABLE' })
  // ioredis and iovalkey do not say more of a node that refuses.
  expect(`${error.cause}`).toMatch(/ECONNREFUSED|Connection is closed/)
  await until('it has warned', async () => warnings().length > 0)
  expect(warnings()).toHaveLength(1)
})

describe.each(CLIENTS)('a database index, through %s', (name, connect) => {
  test('that the server does not have is an error, and not database 0', async () => {
    const { port } = await start('--databases', '4')
    const store = storeOf(connect({ port, db: 9 }), 500)
    const error = await store.create('key', 'value', Date.now() + 60_000).catch((reason) => reason)
    expect(error).toBeInstanceOf(Error)
    expect(['ERR_SESSION_STORE', 'ERR_SESSION_UNAVAILABLE']).toContain(error.code)
    expect(String(error.cause)).toMatch(/DB index/)
    const plain = opened(new Redis(port))
    expect(await plain.dbsize()).toBe(0)
    if (name !== 'node-redis') expect(error.message).toContain('Redis has no database 9')
  })

  test('that the server has is used, and checked once a connection', async () => {
    const { port } = await start('--databases', '4')
    const client = connect({ port, db: 3 })
    const store = storeOf(client)
    const later = Date.now() + 60_000
    expect(await store.create('key', 'value', later)).toBe(true)
    const plain = opened(new Redis(port, { db: 3 }))
    expect(await plain.get('key')).toBe('value')
    const method = name === 'node-redis' ? 'sendCommand' : 'call'
    const call = vi.spyOn(client as unknown as Record<string, (name: unknown) => unknown>, method)
    await store.load('key')
    await store.touch('key', later)
    expect(call.mock.calls.filter(([command]) => command === 'select')).toEqual([])
  })
})

describe.each([
  ['ioredis', Cluster],
  ['iovalkey', ValkeyCluster],
])('a Cluster of %s', (name, Client) => {
  const make = (options: object) => () => {
    const client = new Client([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true, ...options })
    client.disconnect()
    return storeOf(client)
  }
  const refused = expect.objectContaining({ code: 'ERR_SESSION_CLIENT' })

  test('with an index of a database is refused: it has database 0 alone', () => {
    expect(make({ redisOptions: { db: 2 } })).toThrow(refused)
    expect(make({ redisOptions: { db: 0 } })).not.toThrow()
  })

  test('with enableAutoPipelining is refused where it sends scripts to a wrong node', () => {
    const wrong = name === 'iovalkey'
    const store = make({ enableAutoPipelining: true })
    if (wrong) expect(store).toThrow(refused)
    else expect(store).not.toThrow()
    const ignored = ['eval', 'evalsha']
    expect(
      make({ enableAutoPipelining: true, autoPipeliningIgnoredCommands: ignored }),
    ).not.toThrow()
    expect(make({})).not.toThrow()
  })
})

describe.each(CLIENTS)('a value that is not UTF-8, through %s', (_name, connect) => {
  /** JSON in Latin-1, and JSON with a lone byte. */
  const BYTES = [
    Buffer.from('{"name":"André","cookie":{}}', 'latin1'),
    Buffer.from([...Buffer.from('{"a":"'), 0xff, ...Buffer.from('"}')]),
    Buffer.from([0x80, 0x04, 0x95]),
  ]

  test('is no session, and the request sends one command for it', async () => {
    const { port } = await start()
    const store = storeOf(connect({ port }))
    const plain = opened(new Redis(port))
    const rejections: unknown[] = []
    const site = await serve(BASICS, { store, cookie: { signed: false } })
    ends.push(() => site.close())
    site.app.on('session:reject', ({ why }) => rejections.push(why))
    for (const [index, bytes] of BYTES.entries()) {
      const id = `a-session-id-of-bytes-${index}`
      await plain.set(`koa:sess:${id}`, bytes, 'PX', 60_000)
      const before = await commands(plain)
      const reply = await site.browser().get('/read', { cookie: `koa.sid=${id}` })
      expect(reply.json()).toEqual({})
      expect(await commands(plain)).toBe(before + 1)
      const written = await site.browser().get('/set', { cookie: `koa.sid=${id}` })
      expect(written.status).toBe(200)
      expect(written.cookies).toHaveLength(1)
      expect(Buffer.compare((await plain.getBuffer(`koa:sess:${id}`)) ?? Buffer.of(), bytes)).toBe(
        0,
      )
    }
    expect(rejections).toEqual(BYTES.flatMap(() => ['invalid', 'invalid']))
    expect(site.errors).toEqual([])
  })

  test('that took the place of a session while a request was at work ends that session', async () => {
    const { port } = await start()
    const store = storeOf(connect({ port }))
    const plain = opened(new Redis(port))
    const later = Date.now() + 60_000
    await store.create('key', 'value', later)
    await plain.set('key', BYTES[0] ?? '', 'PX', 60_000)
    const { current } = Object(await store.replace('key', 'value', 'other', later))
    expect(() => JSON.parse(current)).toThrow()
  })

  test('does not keep a replacement character of a session from being data', async () => {
    const { port } = await start()
    const store = storeOf(connect({ port }))
    const later = Date.now() + 60_000
    const value = '{"text":"\uFFFD","cookie":{}}'
    await store.create('key', value, later)
    expect(await store.load('key')).toBe(value)
    expect(await store.replace('key', 'x', 'y', later)).toEqual({ ok: false, current: value })
    expect(await store.replace('key', value, `${value} `, later)).toEqual({ ok: true })
  })

  test('is not among the records of a scan', async () => {
    const { port } = await start()
    const store = storeOf(connect({ port }))
    const plain = opened(new Redis(port))
    await plain.set('key:bytes', BYTES[1] ?? '', 'PX', 60_000)
    await store.create('key:text', 'value', Date.now() + 60_000)
    const { records } = await store.scan('key:')
    expect(records.map(({ key }) => key)).toEqual(['key:text'])
  })
})

/** How many commands the server has run, without the one that asks and what clients say of themselves. */
async function commands(client: Redis): Promise<number> {
  const stats = await client.info('commandstats')
  const counts = [...stats.matchAll(/^cmdstat_(\w+).*?:calls=(\d+)/gm)]
  return counts
    .filter(([, name]) => ['get', 'getex', 'eval', 'evalsha', 'exists'].includes(`${name}`))
    .reduce((sum, [, , calls]) => sum + Number(calls), 0)
}
