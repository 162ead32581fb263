import { randomUUID } from 'node:crypto'
import { GlideClient, Logger } from '@valkey/valkey-glide'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient } from 'redis'
import { afterEach, describe, expect, test } from 'vitest'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import { RedisServer } from '../services/redis.js'
import { ask, until } from '../services/redis-cluster.js'
import { BreakableWay } from '../support/breakable.js'
import { BASICS, serve } from '../support/site.js'

// It writes what it meets to stderr by itself.
Logger.setLoggerConfig('off')

type Client = RedisStoreOptions['client']

const CLIENTS: [string, (port: number) => Promise<{ client: Client; quit(): unknown }>][] = [
  ['ioredis', async (port) => commanded(new Redis(port, { maxRetriesPerRequest: 0 }))],
  ['iovalkey', async (port) => commanded(new Valkey(port, { maxRetriesPerRequest: 0 }))],
  [
    'valkey-glide',
    async (port) => {
      const addresses = [{ host: '127.0.0.1', port }]
      const client = await GlideClient.createClient({ addresses, requestTimeout: 4000 })
      return { client, quit: () => client.close() }
    },
  ],
  [
    'node-redis',
    async (port) => {
      const socket = { host: '127.0.0.1', port, reconnectStrategy: () => 20 }
      const client = createClient({ socket })
      client.on('error', () => undefined)
      await client.connect()
      return { client, quit: () => client.destroy() }
    },
  ],
]

function commanded(client: Redis | Valkey) {
  client.on('error', () => undefined)
  return { client, quit: () => client.disconnect() }
}

const UNAVAILABLE = { code: 'ERR_SESSION_UNAVAILABLE', status: 503 }
const refused = (message: RegExp) =>
  expect.objectContaining({ ...UNAVAILABLE, message: expect.stringMatching(message) })
const later = () => Date.now() + 60_000
/** What an error may not hold. */
const SECRET = 'a secret of the session'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function start(...options: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(options)
  ends.push(() => server[Symbol.asyncDispose]())
  return server
}

/** Everything that a store is asked, on one record. */
function everything(store: RedisStore, key: string): Promise<unknown>[] {
  return [
    store.load(key),
    store.load(key, later()),
    store.create(`${key}:new`, SECRET, later()),
    store.replace(key, SECRET, `${SECRET}!`, later()),
    store.touch(key, later()),
    store.destroy(key),
    store.scan(key),
  ]
}

async function failures(calls: Promise<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(calls)
  return settled.map((one) => (one.status === 'rejected' ? one.reason : one.value))
}

describe.each(CLIENTS)('a Redis that fails, through %s', (_name, connect) => {
  async function open(port: number, options: Omit<RedisStoreOptions, 'client'> = {}) {
    const { client, quit } = await connect(port)
    const store = new RedisStore({ client, ...options })
    ends.push(quit, () => store.close())
    const key = `faults:${randomUUID()}`
    await store.create(key, SECRET, later())
    return { store, key }
  }

  test('a server that hangs: every call fails within commandTimeout, and goes on with it', async () => {
    const server = await start()
    const { store, key } = await open(server.port, { commandTimeout: 100 })
    server.pause()
    for (const error of await failures(everything(store, key)))
      expect(error).toEqual(refused(/commandTimeout \(100 ms\)/))
    server.resume()
    await until('it answers', async () => (await store.load('no:such:key')) === undefined)
    expect(await store.create(key, 'b', later())).toBe(true)
  })

  test('over HTTP, a server that hangs: 503 without a cookie, and nothing is left behind', async () => {
    const server = await start()
    const { store, key } = await open(server.port, { commandTimeout: 100 })
    await store.destroy(key)
    const site = await serve(BASICS, { store })
    ends.push(() => site.close())
    const user = site.browser()
    // The second time by the script, which the server knows from now on.
    await user.get('/set')
    await user.get('/set')
    server.pause()
    const replies = await Promise.all([user.get('/set'), site.browser().get('/set')])
    expect(replies.map(({ status, cookies }) => [status, cookies])).toEqual([
      [503, []],
      [503, []],
    ])
    expect(site.errors).toMatchObject([UNAVAILABLE, UNAVAILABLE])
    server.resume()
    // What was asked is done by now: the new session, and that it be withdrawn.
    await until('the new session is withdrawn', () =>
      ask(server, async (client) => (await client.dbsize()) === 1),
    )
    expect((await user.get('/read')).json()).toEqual({ x: 2 })
  })

  test('a network that swallows everything: the same', async () => {
    const server = await start()
    const proxy = await BreakableWay.to(server.port)
    ends.push(() => proxy.close())
    const { store, key } = await open(proxy.port, { commandTimeout: 100 })
    proxy.silence()
    for (const error of await failures(everything(store, key)))
      expect(error).toEqual(refused(/commandTimeout/))
    proxy.open()
    await until('it answers', async () => (await store.load(key)) === SECRET)
  })

  test('a connection that is cut before the answer: the call fails, what it did stands', async () => {
    const server = await start()
    const proxy = await BreakableWay.to(server.port)
    ends.push(() => proxy.close())
    const { store, key } = await open(proxy.port)
    // The script is known to the server from now on: one command, one answer.
    await store.replace(key, 'x', 'y', later())
    proxy.cutAnswer()
    const error = await store.replace(key, SECRET, 'b', later()).catch((reason) => reason)
    expect(proxy.cuts).toBe(1)
    expect(error).toEqual(refused(/the connection broke/))
    expect(error.cause).toBeInstanceOf(Error)
    expect(JSON.stringify([error, error.cause, error.cause.message])).not.toContain(SECRET)
    await until('it answers', async () => (await store.load(key)) === 'b')
  })

  test('a full server: new sessions are refused; reads, logouts and what gets no larger go on', async () => {
    const server = await start('--maxmemory-policy', 'noeviction')
    const { store, key } = await open(server.port)
    const other = `${key}:other`
    await store.create(other, SECRET, later())
    await ask(server, (client) => client.config('SET', 'maxmemory', '1'))
    const full = refused(/^Redis did not serve, as it is full \(maxmemory\)/)
    await expect(store.create(`${key}:new`, SECRET, later())).rejects.toEqual(full)
    await expect(store.set(key, { name: SECRET }, 1000)).rejects.toEqual(full)
    await expect(store.replace(key, SECRET, `${SECRET}!`, later())).rejects.toEqual(full)
    // As many characters, and more bytes.
    const wide = '€'.repeat(SECRET.length)
    await expect(store.replace(key, SECRET, wide, later())).rejects.toEqual(full)
    expect(await store.load(key)).toBe(SECRET)
    expect(await store.load(key, later())).toBe(SECRET)
    expect(await store.touch(key, later())).toBe(true)
    expect(await store.replace(key, SECRET, '0e1', later())).toEqual({ ok: true })
    expect(await store.load(key)).toBe('0e1')
    expect(await store.destroy(other)).toBe(true)
    await ask(server, (client) => client.config('SET', 'maxmemory', '0'))
    expect(await store.create(`${key}:new`, SECRET, later())).toBe(true)
  })

  test('over HTTP, a full server: 503 for a login, and a logout succeeds', async () => {
    const server = await start('--maxmemory-policy', 'noeviction')
    const { store } = await open(server.port)
    const site = await serve(BASICS, { store })
    ends.push(() => site.close())
    const user = site.browser()
    await user.get('/set')
    await ask(server, (client) => client.config('SET', 'maxmemory', '1'))
    const reply = await site.browser().get('/set')
    expect([reply.status, reply.cookies]).toEqual([503, []])
    expect(site.errors).toMatchObject([UNAVAILABLE])
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
    expect((await user.get('/logout')).status).toBe(200)
    expect((await user.get('/read')).json()).toEqual({})
  })

  test('a server that is a replica now: writes fail, and go on once it is none', async () => {
    const primary = await start('--repl-diskless-sync-delay', '0')
    const server = await start()
    const { store, key } = await open(server.port)
    await ask(primary, (client) => client.set(key, SECRET, 'PX', 60_000))
    await ask(server, (client) => client.replicaof('127.0.0.1', primary.port))
    await until('it follows', () =>
      ask(server, async (client) =>
        (await client.info('replication')).includes('master_link_status:up'),
      ),
    )
    const demoted = refused(/it is a replica: it was demoted/)
    expect(await store.load(key)).toBe(SECRET)
    await expect(store.load(key, later())).rejects.toEqual(demoted)
    await expect(store.create(`${key}:new`, SECRET, later())).rejects.toEqual(demoted)
    await expect(store.replace(key, SECRET, 'b', later())).rejects.toEqual(demoted)
    await ask(server, (client) => client.replicaof('NO', 'ONE'))
    expect(await store.replace(key, SECRET, 'b', later())).toEqual({ ok: true })
  })

  test('a server that loads its data: calls fail, and go on afterwards', async () => {
    const server = await start('--enable-debug-command', 'yes')
    const { store, key } = await open(server.port)
    await ask(server, async (client) => {
      await client.call('DEBUG', 'POPULATE', '2000')
      await client.config('SET', 'loading-process-events-interval-bytes', '1024')
      // In µs for each key: long enough to be seen, and still short.
      await client.config('SET', 'key-load-delay', '500')
    })
    const side = new Redis(server.port)
    ends.push(() => side.disconnect())
    const reload = side.call('DEBUG', 'RELOAD')
    await until('it loads', () =>
      ask(server, async (client) => /loading:1/.test(await client.info('persistence'))),
    )
    await expect(store.load(key)).rejects.toEqual(refused(/it is loading its data/))
    await expect(store.replace(key, SECRET, 'b', later())).rejects.toEqual(refused(/loading/))
    await reload
    expect(await store.load(key)).toBe(SECRET)
  })

  test('what the server refuses for good is no outage', async () => {
    const server = await start()
    const { store, key } = await open(server.port)
    await ask(server, (client) => client.lpush('faults:list', 'x'))
    const error = await store.load('faults:list').catch((reason) => reason)
    expect(error.message).toMatch(/^WRONGTYPE/)
    expect(error.code).not.toBe(UNAVAILABLE.code)
    expect(await store.load(key)).toBe(SECRET)
  })
})

test('node-redis that gives up at once says that it is gone', async () => {
  const server = await RedisServer.start()
  const socket = { host: '127.0.0.1', port: server.port, reconnectStrategy: false as const }
  const client = createClient({ socket })
  const store = new RedisStore({ client })
  await client.connect()
  let isAway = false
  store.on('disconnect', () => {
    isAway = true
  })
  await server[Symbol.asyncDispose]()
  await until('it says so', async () => isAway)
  store.close()
})
