import cookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import fastify from 'fastify'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { toExpressStore } from '../../src/adapters.js'
import { MemoryStore } from '../../src/index.js'
import type { SessionStore } from '../../src/stores/contract.js'
import { RedisStore } from '../../src/stores/redis/store.js'
import { Browser } from '../support/browser.js'
import { unique } from '../support/foreign.js'
import { Gate } from '../support/gate.js'

declare module 'fastify' {
  interface Session {
    user?: string
    views?: number
  }
}

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const STORES: [string, () => SessionStore][] = [
  ['MemoryStore', () => new MemoryStore()],
  [
    'RedisStore',
    () => {
      const client = new Redis(inject('redisUrl'))
      closers.push(() => client.quit())
      return new RedisStore({ client })
    },
  ],
]

async function site(store: SessionStore, options = {}) {
  const gate = new Gate()
  const app = fastify()
  app.register(cookie)
  app.register(fastifySession, {
    store: toExpressStore(store, { prefix: `${unique()}:` }),
    secret: 'a secret of the tests, long enough for fastify',
    cookie: { secure: false, maxAge: 60_000 },
    saveUninitialized: false,
    ...options,
  })
  app.get('/login', async ({ session }) => {
    session.user = 'ada'
    return {}
  })
  app.get('/renew', async (request) => {
    await request.session.regenerate(['user'])
    return {}
  })
  app.get('/read', async ({ session: { user, views } }) => ({ user, views }))
  app.get('/add', async ({ session }) => {
    session.views = (session.views ?? 0) + 1
    return {}
  })
  app.get('/slow', async ({ session }) => {
    await gate.pass()
    session.views = 100
    return {}
  })
  app.get('/logout', async ({ session }) => {
    await session.destroy()
    return {}
  })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  closers.unshift(() => app.close())
  const browser = () => {
    const opened = new Browser(origin)
    closers.unshift(() => opened.close())
    return opened
  }
  return { gate, browser }
}

describe.each(STORES)('%s under @fastify/session', (_name, make) => {
  test('logs in, reads, modifies and logs out', async () => {
    const { browser: open } = await site(make())
    const browser = open()
    await browser.get('/login')
    await browser.get('/add')
    await browser.get('/add')
    expect((await browser.get('/read')).json()).toEqual({ user: 'ada', views: 2 })
    const cookie = browser.cookie
    expect((await browser.get('/logout')).status).toBe(200)
    expect((await open().get('/read', { cookie })).json()).toEqual({})
  })

  test('regenerates: the old id is dead', async () => {
    const { browser: open } = await site(make(), { rolling: false })
    const browser = open()
    await browser.get('/login')
    const cookie = browser.cookie
    await browser.get('/renew')
    expect(browser.cookie).not.toBe(cookie)
    expect((await browser.get('/read')).json()).toEqual({ user: 'ada' })
    expect((await open().get('/read', { cookie })).json()).toEqual({})
  })

  test('R2: neither a slow writer nor a rolling reader brings a session back', async () => {
    const { browser: open, gate } = await site(make())
    const browser = open()
    await browser.get('/login')
    const cookie = browser.cookie
    const slow = browser.get('/slow')
    await gate.arrived
    await open().get('/logout', { cookie })
    gate.open()
    expect((await slow).status).toBe(200)
    expect((await open().get('/read', { cookie })).json()).toEqual({})
  })
})
