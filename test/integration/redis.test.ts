import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { RedisStore } from '../../src/stores/redis/store.js'
import { STRONG } from '../support/backends.js'
import { Monitor } from '../support/monitor.js'
import { BASICS, type Routes, serve } from '../support/site.js'

const ROUTES: Routes = {
  ...BASICS,
  '/nothing': () => undefined,
  '/update': async (ctx) => {
    await ctx.updateSession((session) => {
      session.x = (session.x ?? 0) + 1
    })
  },
  '/login': (ctx) => {
    ctx.regenerateSession()
    ctx.session = { user: 'ada' }
  },
  '/end': (ctx) => {
    ctx.session = null
  },
}

/** The names of the commands that reached the server for keys of this prefix. */
async function watch(prefix: string) {
  const monitor = await Monitor.start(inject('redisUrl'))
  return {
    async taken(): Promise<string[]> {
      const commands = await monitor.taken()
      const mine = commands.filter((args) => args.some((arg) => arg.includes(prefix)))
      return mine.map(([name = '']) => name.toUpperCase())
    },
    close: () => monitor.stop(),
  }
}

describe.each(STRONG.filter(({ name }) => name.startsWith('Redis')))('$name', ({ open }) => {
  const REPLACE = 'EVALSHA'

  test.each([
    false,
    true,
  ])('commands at the server for each request (rolling: %s)', async (rolling) => {
    const { store, prefix, close } = await open()
    const site = await serve(ROUTES, { store, prefix, rolling })
    const watched = await watch(prefix)
    const user = site.browser()
    const commands = async (path: string, headers?: Record<string, string>) => {
      await user.get(path, headers)
      return watched.taken()
    }
    const READ = rolling ? 'GETEX' : 'GET'
    expect(await commands('/read')).toEqual([])
    expect(await commands('/set')).toEqual(['SET'])
    // The first script of a fresh server is sent as a whole.
    await commands('/set')
    expect(await commands('/read')).toEqual([READ])
    expect(await commands('/nothing')).toEqual([READ])
    expect(await commands('/set')).toEqual([READ, REPLACE])
    expect(await commands('/update')).toEqual([READ, REPLACE])
    expect(await commands('/read', { cookie: `${user.cookie}x` })).toEqual([])
    expect(await commands('/login')).toEqual([READ, 'SET', REPLACE])
    expect(await commands('/end')).toEqual([READ, REPLACE])
    watched.close()
    await site.close()
    await close()
  })

  test('untouched under defer: none', async () => {
    const { store, prefix, close } = await open()
    const site = await serve(ROUTES, { store, prefix, defer: true })
    const watched = await watch(prefix)
    const user = site.browser()
    await user.get('/set')
    await watched.taken()
    await user.get('/nothing')
    expect(await watched.taken()).toEqual([])
    watched.close()
    await site.close()
    await close()
  })
})

describe('RedisStore', () => {
  let client: Redis
  beforeAll(() => {
    client = new Redis(inject('redisUrl'))
  })
  afterAll(() => client.quit())

  test.each([
    {},
    null,
    { get() {}, set() {} },
    new Map(),
    'redis://',
  ])('%j is no client', (other) => {
    const make = () => new RedisStore({ client: other as unknown as Redis })
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CLIENT' }))
  })

  test('stores that share a client do not take each other along when they close', async () => {
    const client = createClient({ url: inject('redisUrl') })
    const [first, second] = [new RedisStore({ client }), new RedisStore({ client })]
    const both = client.listenerCount('error')
    first.close()
    first.close()
    expect(client.listenerCount('error')).toBe(both / 2)
    second.close()
    expect(client.listenerCount('error')).toBe(0)
  })

  test('no options at all are a clear error too', () => {
    const make = () => Reflect.construct(RedisStore, [])
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CLIENT' }))
  })

  test('a server that has lost its scripts is sent them again', async () => {
    const store = new RedisStore({ client })
    const key = 'scripts:key'
    await store.create(key, 'a', Date.now() + 10_000)
    await client.script('FLUSH')
    expect(await store.replace(key, 'a', 'b', Date.now() + 10_000)).toEqual({ ok: true })
    expect(await store.load(key)).toBe('b')
    store.close()
  })

  test('the key prefix of the client is in front of every key', async () => {
    const prefixed = new Redis(inject('redisUrl'), { keyPrefix: 'app1:' })
    const store = new RedisStore({ client: prefixed })
    await store.create('some:key', 'a', Date.now() + 10_000)
    await store.replace('some:key', 'a', 'b', Date.now() + 10_000)
    expect(await client.get('app1:some:key')).toBe('b')
    store.close()
    await prefixed.quit()
  })

  test('an error carries neither the command nor what was in it', async () => {
    const store = new RedisStore({ client })
    await client.lpush('a:list', 'x')
    const error = await store.create('a:list', 'secret data', 0).catch((failure) => failure)
    const replaced = await store
      .replace('a:list', 'x', 'secret data', 1e15)
      .catch((failure) => failure)
    for (const each of [error, replaced]) {
      expect(each).toBeInstanceOf(Error)
      expect(JSON.stringify({ ...each, message: each.message })).not.toMatch(/secret|a:list/)
    }
    await client.del('a:list')
    store.close()
  })

  test('node-redis works over RESP3', async () => {
    const resp3 = createClient({ url: inject('redisUrl'), RESP: 3 })
    await resp3.connect()
    const store = new RedisStore({ client: resp3 })
    await store.create('resp3:key', 'ä', Date.now() + 10_000)
    expect(await store.replace('resp3:key', 'x', 'b', Date.now() + 10_000)).toEqual({
      ok: false,
      current: 'ä',
    })
    expect(await store.replace('resp3:key', 'ä', 'b', Date.now() + 10_000)).toEqual({ ok: true })
    expect(await store.load('resp3:key', Date.now() + 5000)).toBe('b')
    store.close()
    await resp3.close()
  })
})
