import { execFileSync } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { Cluster, Redis } from 'ioredis'
import Database from 'libsql'
import { createClient, createCluster } from 'redis'
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { RedisStore } from '../../src/redis.js'
import { SqliteStore } from '../../src/sqlite.js'
import { RedisServer } from '../services/redis.js'
import { RedisCluster } from '../services/redis-cluster.js'
import type { Browser } from '../support/browser.js'
import { visitProgram } from '../support/program.js'
import { BASICS, type Routes, serve } from '../support/site.js'
import { blocks, section, withFile } from './guide.js'

// That the programs of the page run is shown with every other program; here, what comes out of them.

const PAGE = 'docs/operations.md'
/** For a busy machine. */
const PATIENT = { timeout: 30_000 }

/** Clients of a program, which ends none of them. */
const connect = vi.spyOn(Redis.prototype, 'connect')
beforeEach(() => {
  connect.mockClear()
})
afterEach(() => {
  for (const client of connect.mock.contexts) if (client instanceof Redis) client.disconnect()
  vi.unstubAllEnvs()
})

function visit(heading: string, name: string, use: (browser: Browser) => Promise<unknown>) {
  const [code] = blocks(PAGE, heading, 'js')
  return withFile(`operations-${name}`, code, (file) => visitProgram(file, use))
}

function run(command: string | undefined, url: string): string {
  if (!command) throw new Error('The guide has no such command')
  const env = { ...process.env, REDIS_URL: url }
  return execFileSync('sh', ['-c', command], { env, encoding: 'utf8' })
}

test('readiness fails while the store is away, and liveness does not', async () => {
  await using redis = await RedisServer.start()
  vi.stubEnv('REDIS_URL', redis.url)
  await visit('## Health and readiness', 'health', async (browser) => {
    const statuses = async () => [
      (await browser.get('/healthz')).status,
      (await browser.get('/readyz')).status,
    ]
    await expect.poll(statuses, PATIENT).toEqual([200, 200])
    await redis.stop()
    expect(await statuses()).toEqual([200, 503])
    await redis.start()
    await expect.poll(statuses, PATIENT).toEqual([200, 200])
  })
})

test('the metrics are the duration of each store call, failures by code, and whether Redis is up', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })
  // Another test of this process may have set it.
  metrics.disable()
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  vi.stubEnv('REDIS_URL', inject('redisUrl'))
  const redis = new Redis(inject('redisUrl'))
  await visit('## Metrics and alarms', 'metrics', async (browser) => {
    await browser.get('/')
    await browser.get('/')
    const key = `koa:sess:${browser.jar.get('koa.sid')}`
    await redis.multi().del(key).lpush(key, 'a list is no session').exec()
    expect((await browser.get('/')).status).toBe(500)
    await redis.del(key)
    await reader.forceFlush()
  })
  const points = new Map(
    (exporter.getMetrics().at(-1)?.scopeMetrics[0]?.metrics ?? []).map(
      ({ descriptor, dataPoints }) => [descriptor.name, dataPoints],
    ),
  )
  const durations = points.get('session.store.duration') ?? []
  const counts = durations.map(({ attributes, value }) => [
    attributes.call,
    Object(value).count,
    Object(value).max < 60,
  ])
  expect(counts.sort()).toEqual([
    ['create', 1, true],
    ['load', 2, true],
  ])
  expect(points.get('session.failures')).toMatchObject([
    { attributes: { code: 'ERR_SESSION_STORE' }, value: 1 },
  ])
  expect(points.get('session.store.up')).toMatchObject([{ value: 1 }])
  await reader.shutdown()
  metrics.disable()
})

describe('the rights in the guide', () => {
  const [line = ''] = blocks(PAGE, '## Redis', 'text').filter((code) => code.startsWith('ACL'))
  const USER = { username: 'koa-sess', password: 'a-long-password' }
  const later = () => Date.now() + 60_000

  /** The rights of the list, in its order. */
  const MORE = [...section(PAGE, '## Redis').matchAll(/(?<=^- .*: `)\+[^`]+/gm)].map(
    ([more]) => more,
  )

  async function setUser(url: string, more: string[] = []) {
    const admin = new Redis(url)
    const [, , ...rules] = [line.trim(), ...more].join(' ').split(/\s+/)
    await admin.call('ACL', 'SETUSER', ...rules)
    admin.disconnect()
  }

  async function start(more: string[] = []) {
    const redis = await RedisServer.start()
    await setUser(redis.url, more)
    return redis
  }

  const CLIENTS = [
    [
      'ioredis',
      async (port: number) => {
        const client = new Redis({ port, ...USER })
        await client.call('ping')
        return { client, end: () => client.disconnect() }
      },
    ],
    [
      'node-redis',
      async (port: number) => {
        const client = createClient({ socket: { port }, ...USER })
        await client.connect()
        return { client, end: () => client.destroy() }
      },
    ],
  ] as const

  test.each(CLIENTS)('are enough for all that requests need, with %s', async (_name, open) => {
    await using redis = await start()
    const { client, end } = await open(redis.port)
    const store = new RedisStore({ client })
    const routes: Routes = {
      ...BASICS,
      '/regenerate': (ctx) => ctx.regenerateSession({ keep: ['x'] }),
    }
    const site = await serve(routes, { store, rolling: true, ttl: 60_000 })
    const user = site.browser()
    for (const path of ['/set', '/set', '/read', '/regenerate', '/read'])
      expect([path, (await user.get(path)).status]).toEqual([path, 200])
    expect((await user.get('/read')).json()).toEqual({ x: 2 })
    expect((await user.get('/logout')).status).toBe(200)
    expect(site.errors).toEqual([])
    await store.create('koa:sess:key', 'value', later())
    expect(await store.touch('koa:sess:key', later())).toBe(true)
    expect(await store.destroy('koa:sess:key')).toBe(true)
    // And no more than that.
    await expect(store.load('other:key')).rejects.toThrow('NOPERM')
    await expect(store.scan('koa:sess:')).rejects.toThrow('NOPERM')
    await site.close()
    store.close()
    end()
  })

  test('are enough with those of the list for an index, waitReplicas and a scan', async () => {
    await using redis = await start(MORE.slice(0, 3))
    const client = new Redis({ port: redis.port, ...USER, db: 3 })
    const store = new RedisStore({ client })
    await store.create('koa:sess:key', 'value', later())
    expect((await store.scan('koa:sess:')).records).toMatchObject([{ key: 'koa:sess:key' }])
    const waiting = new RedisStore({ client, waitReplicas: { replicas: 'all', timeout: 20 } })
    // There is no replica: the WAIT was allowed, and counted none.
    const written = waiting.create('koa:sess:other', 'value', later())
    await expect(written).rejects.toMatchObject({ code: 'ERR_SESSION_UNAVAILABLE' })
    client.disconnect()
  })

  test('are enough with those of the list for a Cluster, and a scan of it', async () => {
    await using cluster = await RedisCluster.start()
    for (const url of cluster.urls) await setUser(url, MORE.slice(2))
    const ioredis = new Cluster(cluster.nodes, { redisOptions: USER })
    const nodeRedis = createCluster({
      rootNodes: cluster.urls.map((url) => ({ url })),
      defaults: USER,
    })
    await nodeRedis.connect()
    for (const client of [ioredis, nodeRedis]) {
      const store = new RedisStore({ client })
      const key = `koa:sess:${client === ioredis}`
      expect(await store.create(key, 'value', later())).toBe(true)
      expect(await store.replace(key, 'value', 'next', later())).toEqual({ ok: true })
      expect(await store.load(key, later())).toBe('next')
      expect((await store.scan('koa:sess:')).cursor).toBeDefined()
      expect(await store.destroy(key)).toBe(true)
      store.close()
    }
    ioredis.disconnect()
    nodeRedis.destroy()
  })
})

describe('the incidents of the guide', () => {
  /** A site with two users, on a Redis that holds a key of another application as well. */
  async function start() {
    const redis = await RedisServer.start()
    const client = new Redis(redis.url)
    await client.set('other:key', 'value')
    const store = new RedisStore({ client })
    const site = await serve(BASICS, { store })
    const users = [site.browser(), site.browser()]
    for (const user of users) await user.get('/set')
    const close = async () => {
      await site.close()
      store.close()
      client.disconnect()
      await redis[Symbol.asyncDispose]()
    }
    const isLoggedOut = async () => {
      for (const user of users) expect((await user.get('/read')).json()).toEqual({})
      expect(await client.keys('*')).toEqual(['other:key'])
    }
    return { redis, users, isLoggedOut, close }
  }

  const EVERYONE = '### Log out all users now'

  test('the command of Redis logs out all users, and deletes nothing else', async () => {
    const { redis, users, isLoggedOut, close } = await start()
    expect((await users[0]?.get('/read'))?.json()).toEqual({ x: 1 })
    const [command] = blocks(PAGE, EVERYONE, 'sh')
    expect(run(command, redis.url).trim()).toBe('2')
    await isLoggedOut()
    await close()
  })

  test('the program for any store logs out all users, and deletes nothing else', async () => {
    const { redis, isLoggedOut, close } = await start()
    vi.stubEnv('REDIS_URL', redis.url)
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const [code] = blocks(PAGE, EVERYONE, 'mjs')
    await withFile('operations-everyone', code, (file) => import(file))
    expect(log.mock.calls).toEqual([['2 sessions ended']])
    log.mockRestore()
    await isLoggedOut()
    await close()
  })

  test('the statement of SQL logs out all users', async () => {
    const client = new Database(':memory:')
    const store = new SqliteStore({ client })
    await store.setup()
    const site = await serve(BASICS, { store })
    const user = site.browser()
    await user.get('/set')
    const [statement = ''] = blocks(PAGE, EVERYONE, 'sql')
    expect(client.prepare(statement).run().changes).toBe(1)
    expect((await user.get('/read')).json()).toEqual({})
    await site.close()
    store.close()
    client.close()
  })

  test('a version that is raised logs out one user, who can log in again', async () => {
    await visit('### Log out one user', 'one-user', async (browser) => {
      const text = async (path: string) => (await browser.get(path)).text
      expect(await text('/login')).toBe('ada')
      expect(await text('/')).toBe('ada')
      await text('/admin/log-out')
      expect(await text('/')).toBe('guest')
      expect(await text('/login')).toBe('ada')
      expect(await text('/')).toBe('ada')
    })
  })

  test('a new key alone refuses what the leaked key signed', async () => {
    const reasons: unknown[] = []
    const note = (message: unknown) => reasons.push(Object(message).why)
    let cookies = ''
    vi.stubEnv('SESSION_KEY', 'the key that leaked, long enough')
    await visit('### A leaked key', 'leaked-key', async (browser) => {
      await browser.get('/login')
      cookies = browser.cookie
    })
    vi.stubEnv('SESSION_KEY', 'a key that did not leak, long enough')
    subscribe('koa-sess:reject', note)
    await visit('### A leaked key', 'new-key', async (browser) => {
      expect((await browser.get('/', { cookie: cookies })).text).toBe('guest')
    })
    unsubscribe('koa-sess:reject', note)
    expect(reasons).toEqual(['signature'])
  })

  test('more memory for a full Redis lets it store new sessions again, at once', async () => {
    await using redis = await RedisServer.start(['--maxmemory-policy', 'noeviction'])
    const client = new Redis(redis.url)
    await client.config('SET', 'maxmemory', '1')
    const store = new RedisStore({ client })
    const site = await serve(BASICS, { store })
    const user = site.browser()
    expect((await user.get('/set')).status).toBe(503)
    expect(site.errors).toMatchObject([{ cause: { message: expect.stringMatching(/^OOM/) } }])
    const [command] = blocks(PAGE, '### A full store', 'sh')
    expect(run(command, redis.url)).toContain('maxmemory_human:2.00G')
    expect((await user.get('/set')).status).toBe(200)
    await site.close()
    store.close()
    client.disconnect()
  })
})
