import { EventEmitter, once } from 'node:events'
import { RedisStore as ConnectRedis } from 'connect-redis'
import express, { type Request, type RequestHandler } from 'express'
import expressSession from 'express-session'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { toExpressStore } from '../../src/adapters.js'
import { MemoryStore } from '../../src/index.js'
import type { SessionStore } from '../../src/stores/contract.js'
import { RedisStore } from '../../src/stores/redis/store.js'
import { ManualClock } from '../../src/testing.js'
import { counted } from '../support/backends.js'
import { Browser } from '../support/browser.js'
import { unique } from '../support/foreign.js'
import { Gate } from '../support/gate.js'
import { listen } from '../support/listen.js'

declare module 'express-session' {
  interface SessionData {
    user?: string
    views?: number
    note?: string
  }
}

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

interface Asked {
  gate: Gate
}

const later = (work: (request: Request, done: (error?: unknown) => void) => void) =>
  ((request, response) => {
    work(request, (error) => (error ? response.status(500).end(String(error)) : response.json(1)))
  }) satisfies RequestHandler

function routes(asked: Asked) {
  const app = express()
  const slow: RequestHandler = async (request, response) => {
    await asked.gate.pass()
    request.session.note = 'slow'
    // What others wrote is merged into the first save, and must not be undone by the second.
    request.session.save(() => {
      request.session.user = 'bob'
      response.json(1)
    })
  }
  return {
    app,
    add() {
      app.get('/login', (request, response) => {
        request.session.regenerate(() => {
          request.session.user = 'ada'
          request.session.save(() => response.json(1))
        })
      })
      app.get('/read', ({ session: { cookie, ...data }, sessionID }, response) => {
        response.json({ ...data, id: sessionID, end: cookie.expires instanceof Date })
      })
      app.get('/add', (request, response) => {
        request.session.views = (request.session.views ?? 0) + 1
        response.json(1)
      })
      app.get('/slow', slow)
      app.get(
        '/reload',
        later(({ session }, done) => session.reload(done)),
      )
      app.get(
        '/logout',
        later(({ session }, done) => session.destroy(done)),
      )
      app.get('/forget', (request, response) => {
        delete request.session.views
        response.json(1)
      })
    },
  }
}

async function site(store: SessionStore, prefix = `${unique()}:`, options = {}) {
  const asked = { gate: new Gate() }
  const adapter = toExpressStore(store, { prefix })
  const { app, add } = routes(asked)
  app.use(
    expressSession({
      store: adapter,
      secret: 'a secret of the tests',
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 60_000 },
      ...options,
    }),
  )
  add()
  const { origin, close } = await listen(app)
  closers.push(close)
  const browser = () => {
    const opened = new Browser(origin)
    closers.push(() => opened.close())
    return opened
  }
  return { adapter, asked, browser, prefix }
}

const STORES: [string, () => SessionStore][] = [
  ['MemoryStore', () => new MemoryStore()],
  [
    'RedisStore',
    () => {
      const client = new Redis(inject('redisUrl'))
      const store = new RedisStore({ client })
      closers.push(() => client.quit())
      return store
    },
  ],
]

describe.each(STORES)('%s under express-session', (_name, make) => {
  test('logs in, reads, modifies, reloads and logs out', async () => {
    const { browser: open } = await site(make())
    const browser = open()
    await browser.get('/login')
    await browser.get('/add')
    await browser.get('/add')
    await browser.get('/reload')
    expect((await browser.get('/read')).json()).toMatchObject({ user: 'ada', views: 2, end: true })
    await browser.get('/forget')
    expect((await browser.get('/read')).json()).not.toHaveProperty('views')
    const cookie = browser.cookie
    await browser.get('/logout')
    expect((await open().get('/read', { cookie })).json()).not.toHaveProperty('user')
  })

  test('regenerates: the old id is dead', async () => {
    const { browser: open } = await site(make())
    const browser = open()
    await browser.get('/add')
    const cookie = browser.cookie
    await browser.get('/login')
    expect(browser.cookie).not.toBe(cookie)
    expect((await open().get('/read', { cookie })).json()).not.toHaveProperty('views')
    expect((await browser.get('/read')).json()).toMatchObject({ user: 'ada' })
  })

  test('P1: requests that overlap lose nothing', async () => {
    const { browser: open, asked } = await site(make())
    const browser = open()
    await browser.get('/login')
    const slow = browser.get('/slow')
    await asked.gate.arrived
    await browser.get('/add')
    asked.gate.open()
    await slow
    const read = (await browser.get('/read')).json()
    expect(read).toMatchObject({ views: 1, note: 'slow', user: 'bob' })
  })

  test('a key that was deleted meanwhile stays deleted', async () => {
    const { browser: open, asked } = await site(make())
    const browser = open()
    await browser.get('/add')
    const slow = browser.get('/slow')
    await asked.gate.arrived
    await browser.get('/forget')
    asked.gate.open()
    await slow
    const read = (await browser.get('/read')).json()
    expect(read).toMatchObject({ note: 'slow' })
    expect(read).not.toHaveProperty('views')
  })

  test('R2: a slow request does not bring a session back', async () => {
    const { browser: open, asked } = await site(make())
    const browser = open()
    await browser.get('/login')
    const cookie = browser.cookie
    const slow = browser.get('/slow')
    await asked.gate.arrived
    await browser.get('/logout')
    asked.gate.open()
    expect((await slow).status).toBe(200)
    expect((await open().get('/read', { cookie })).json()).not.toHaveProperty('user')
  })
})

test('records are as connect-redis writes and reads them', async () => {
  const client = createClient({ url: inject('redisUrl') })
  await client.connect()
  closers.push(() => client.close())
  const prefix = `${unique()}:`
  const theirs = new ConnectRedis({ client, prefix })
  const ours = toExpressStore(new RedisStore({ client }), { prefix })
  const cookie = { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000), path: '/' }
  await theirs.set('theirs', { cookie, user: 'ada' } as never)
  const read = await new Promise((resolve) => ours.get('theirs', (_error, got) => resolve(got)))
  expect(read).toEqual({ user: 'ada', cookie: { ...cookie, expires: cookie.expires.toJSON() } })
  await new Promise((resolve) => ours.set('ours', { cookie, user: 'bob' }, resolve))
  expect(await theirs.get('ours')).toMatchObject({ user: 'bob' })
  expect(await client.pTTL(`${prefix}ours`)).toBeGreaterThan(58_000)
})

describe('one call at a time', () => {
  const clock = new ManualClock(Date.now())
  const cookie = { originalMaxAge: null, expires: null }
  const get = (store: ReturnType<typeof toExpressStore>, sid: string) =>
    new Promise((resolve, reject) =>
      store.get(sid, (error, session) => (error ? reject(error) : resolve(session))),
    )
  const done = (call: (callback: (error?: unknown) => void) => void) =>
    new Promise<void>((resolve, reject) => call((error) => (error ? reject(error) : resolve())))

  test('touch moves the deadline and never creates', async () => {
    const source = new MemoryStore({ now: clock.now })
    const store = toExpressStore(source, { ttl: 1000 })
    const till = (ms: number) => ({ cookie: { expires: new Date(clock.now() + ms) } })
    await done((callback) => store.touch('a', till(5000), callback))
    expect(await get(store, 'a')).toBeNull()
    await done((callback) => store.set('a', { cookie, x: 1 }, callback))
    await done((callback) => store.touch('a', till(60_000), callback))
    clock.advance(50_000)
    expect(await get(store, 'a')).toEqual({ cookie, x: 1 })
    clock.advance(20_000)
    expect(await get(store, 'a')).toBeNull()
  })

  test('a session whose cookie has no end lasts for ttl', async () => {
    const source = new MemoryStore()
    const store = toExpressStore(source, { ttl: 60_000, prefix: 'x:' })
    let end = 0
    source.create = (_key, _value, expiresAt) => {
      end = expiresAt
      return true
    }
    await done((callback) => store.set('a', { cookie }, callback))
    expect(Math.abs(end - Date.now() - 60_000)).toBeLessThan(5000)
  })

  test('a record that was not read here is overwritten, unless it ended a moment ago', async () => {
    const source = new MemoryStore()
    const [here, there] = [toExpressStore(source), toExpressStore(source)]
    await done((callback) => here.set('a', { cookie, x: 1 }, callback))
    await done((callback) => there.set('a', { cookie, x: 2 }, callback))
    expect(await get(here, 'a')).toMatchObject({ x: 2 })
    await done((callback) => here.destroy('a', callback))
    await done((callback) => there.set('a', { cookie, x: 3 }, callback))
    await done((callback) => toExpressStore(source).set('a', { cookie, x: 4 }, callback))
    expect(await get(here, 'a')).toBeNull()
  })

  test('what was read here is not created again, however long ago it ended', async () => {
    const source = new MemoryStore()
    const store = toExpressStore(source)
    await done((callback) => store.set('a', { cookie, x: 1 }, callback))
    source.destroy('sess:a')
    // A copy, as @fastify/session makes one.
    await done((callback) => store.set('a', { cookie, x: 2 }, callback))
    expect(await get(store, 'a')).toBeNull()
  })

  test('two calls to read and write, three to log out', async () => {
    const { store: source, calls } = counted<SessionStore>(new MemoryStore())
    const store = toExpressStore(source)
    await done((callback) => store.set('a', { cookie }, callback))
    await get(store, 'a')
    await done((callback) => store.set('a', { cookie, x: 1 }, callback))
    await get(store, 'a')
    await done((callback) => store.destroy('a', callback))
    expect(calls).toEqual(['create', 'load', 'replace', 'load', 'load', 'replace'])
  })

  test('a lifetime that was set meanwhile is kept, in the record and by the store', async () => {
    const source = new MemoryStore({ now: clock.now })
    const store = toExpressStore(source, { ttl: 1000 })
    const till = (originalMaxAge: number, later = 0) => ({
      originalMaxAge,
      expires: new Date(clock.now() + originalMaxAge + later),
    })
    await done((callback) => store.set('a', { cookie: till(1000) }, callback))
    const [slow, fast] = [Object(await get(store, 'a')), Object(await get(store, 'a'))]
    fast.cookie = till(60_000)
    await done((callback) => store.set('a', fast, callback))
    // As every request does, it moved its own end.
    Object.assign(slow, { x: 1, cookie: till(1000, 10) })
    await done((callback) => store.set('a', slow, callback))
    clock.advance(50_000)
    expect(await get(store, 'a')).toMatchObject({ x: 1, cookie: { originalMaxAge: 60_000 } })
  })

  test('a failure reaches the callback, and no call needs one', async () => {
    const source = new MemoryStore()
    source.load = () => {
      throw new Error('down')
    }
    const store = toExpressStore(source)
    await expect(get(store, 'a')).rejects.toThrow('down')
    await expect(done((callback) => store.destroy('a', callback))).rejects.toThrow('down')
    const cycle: Record<string, unknown> = { cookie }
    cycle.cycle = cycle
    await expect(done((callback) => store.set('a', cycle, callback))).rejects.toThrow('circular')
    store.set('b', { cookie })
    store.touch('b', { cookie })
  })

  test('emits connect and disconnect, also to listeners that are added later', async () => {
    const news = new EventEmitter()
    const source: SessionStore = Object.assign(new MemoryStore(), {
      on: (event: string, listener: () => void) => news.on(event, listener),
      off: (event: string, listener: () => void) => news.off(event, listener),
    })
    const store = toExpressStore(source)
    news.emit('disconnect')
    await once(store, 'disconnect')
    const back = once(store, 'connect')
    news.emit('connect')
    await back
  })

  test('refuses what it cannot serve', () => {
    const refused = (args: unknown[]) => () => Reflect.apply(toExpressStore, undefined, args)
    const code = (code: string) => expect.objectContaining({ code })
    const legacy = { get() {}, set() {}, destroy() {} }
    expect(refused([legacy])).toThrow(code('ERR_SESSION_STORE_CONTRACT'))
    expect(refused([new MemoryStore(), { prefix: 1 }])).toThrow(code('ERR_SESSION_OPTION'))
    expect(refused([new MemoryStore(), { tll: 1 }])).toThrow(code('ERR_SESSION_OPTION'))
    expect(refused([new MemoryStore(), { ttl: 0 }])).toThrow(code('ERR_SESSION_DURATION'))
    expect(() => toExpressStore(new MemoryStore()).createSession({}, { cookie })).toThrow(
      code('ERR_SESSION_CONTEXT'),
    )
  })
})
