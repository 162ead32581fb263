import { EventEmitter, once } from 'node:events'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient } from 'redis'
import { afterEach, describe, expect, test } from 'vitest'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import { RedisServer } from '../services/redis.js'
import { type Routes, type Site, serve } from '../support/site.js'

const ROUTES: Routes = {
  '/nothing': () => undefined,
  '/count': (ctx) => {
    ctx.session.count = (ctx.session.count ?? 0) + 1
    return ctx.session.count
  },
}

/** A client, and what ends it. */
type Connect = (url: string) => Promise<{ client: RedisStoreOptions['client']; quit(): unknown }>

const CLIENTS: [string, Connect][] = [
  [
    'ioredis',
    async (url) => {
      const client = new Redis(url, { retryStrategy: () => 20 })
      await once(client, 'ready')
      return { client, quit: () => client.disconnect() }
    },
  ],
  [
    'iovalkey',
    async (url) => {
      const client = new Valkey(url, { retryStrategy: () => 20 })
      await once(client, 'ready')
      return { client, quit: () => client.disconnect() }
    },
  ],
  [
    'node-redis',
    async (url) => {
      const client = createClient({ url, socket: { reconnectStrategy: () => 20 } })
      await client.connect()
      return { client, quit: () => client.destroy() }
    },
  ],
]

describe.each(CLIENTS)('a Redis that goes away, through %s', (_name, connect) => {
  let end: (() => Promise<void>) | undefined
  afterEach(() => end?.())

  async function start(reconnectTimeout: number) {
    const server = await RedisServer.start()
    const { client, quit } = await connect(server.url)
    const store = new RedisStore({ client })
    const site = await serve(ROUTES, { store, reconnectTimeout })
    end = async () => {
      await site.close()
      store.close()
      quit()
      await server[Symbol.asyncDispose]()
    }
    const down = new Promise<void>((resolve) => {
      store.on('disconnect', resolve)
    })
    return { ...site, server, store, down }
  }

  test('requests wait for it, and go on when it is back', async () => {
    const { server, browser, down, errors } = await start(10_000)
    const user = browser()
    await user.get('/count')
    await server.stop()
    await down
    const waiting = [user.get('/count'), browser().get('/count')]
    await server.start()
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200])
    expect(errors).toEqual([])
  })

  test('past reconnectTimeout they get a 503, until it is back; those without a session are served all along', async () => {
    const { server, store, browser, down, errors } = await start(50)
    const user = browser()
    await user.get('/count')
    await server.stop()
    await down
    const reply = await user.get('/count')
    expect([reply.status, reply.cookies]).toEqual([503, []])
    expect(reply.headers['retry-after']).toBe('5')
    expect(errors).toMatchObject([{ code: 'ERR_SESSION_UNAVAILABLE', status: 503 }])
    expect((await browser().get('/nothing')).status).toBe(200)
    const up = new Promise<void>((resolve) => {
      store.on('connect', resolve)
    })
    await server.start()
    await up
    expect((await user.get('/count')).status).toBe(200)
  })
})

test('a request that comes while a lazy client connects waits for the connection', async () => {
  const server = await RedisServer.start()
  const client = new Redis(server.url, { lazyConnect: true })
  const store = new RedisStore({ client })
  const connected = client.connect()
  const site = await serve(ROUTES, { store, reconnectTimeout: 60_000 })
  await connected
  expect((await site.browser().get('/count')).status).toBe(200)
  await site.close()
  store.close()
  client.disconnect()
  await server[Symbol.asyncDispose]()
})

describe('a store of the older contract that goes away', () => {
  class Store extends EventEmitter {
    readonly rows = new Map<string, object>()
    get = async (sid: string) => this.rows.get(sid)
    set = async (sid: string, session: object) => void this.rows.set(sid, session)
    destroy = async (sid: string) => void this.rows.delete(sid)
  }
  let site: Site | undefined
  afterEach(() => site?.close())

  test.each([false, true])('requests wait for its connect (defer: %s)', async (defer) => {
    const store = new Store()
    const routes: Routes = {
      '/count': async (ctx) => {
        const session = await ctx.session
        session.count = (session.count ?? 0) + 1
        return session.count
      },
    }
    site = await serve(routes, { store, defer })
    const user = site.browser()
    await user.get('/count')
    store.emit('disconnect')
    const arrived = new Promise((resolve) => site?.server.once('request', resolve))
    const waiting = user.get('/count')
    await arrived
    store.emit('connect')
    expect((await waiting).json()).toBe(2)
  })
})

describe('close()', () => {
  test('takes the store’s listeners off the client and leaves the client to its owner', async () => {
    const server = await RedisServer.start()
    const client = new Redis(server.url)
    await once(client, 'ready')
    const names = ['ready', 'close', 'end', 'reconnecting', 'error']
    const listeners = () => names.map((name) => client.listenerCount(name))
    const before = listeners()
    const store = new RedisStore({ client })
    const site = await serve(ROUTES, { store })
    await site.browser().get('/count')
    await site.close()
    store.close()
    expect(listeners()).toEqual(before)
    expect(await client.ping()).toBe('PONG')
    client.disconnect()
    await server[Symbol.asyncDispose]()
  })
})
