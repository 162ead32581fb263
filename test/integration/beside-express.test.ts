import { createHmac } from 'node:crypto'
import { RedisStore as ConnectRedis } from 'connect-redis'
import express from 'express'
import expressSession, { type Store } from 'express-session'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { fromExpressStore } from '../../src/adapters.js'
import type { SessionIdStore } from '../../src/index.js'
import { Browser } from '../support/browser.js'
import { fileStore, unique } from '../support/foreign.js'
import { listen } from '../support/listen.js'
import { type Site, serve } from '../support/site.js'

const SECRET = 'a secret that both applications know'

const signed = (sid: string) =>
  `s:${sid}.${createHmac('sha256', SECRET).update(sid).digest('base64').replace(/=+$/, '')}`

/** The cookie of express-session. */
const connectSid: SessionIdStore = {
  get() {
    const value = decodeURIComponent(this.cookies.get('connect.sid', { signed: false }) ?? '')
    const sid = value.slice(2, value.lastIndexOf('.'))
    return value === signed(sid) ? sid : undefined
  },
  set(sid) {
    this.cookies.set('connect.sid', encodeURIComponent(signed(sid)), { signed: false })
  },
  reset() {
    this.cookies.set('connect.sid', null, { signed: false })
  },
}

interface Opened {
  store: Store
  close(): unknown
}

const STORES: [string, () => Promise<Opened>][] = [
  [
    'connect-redis',
    async () => {
      const client = createClient({ url: inject('redisUrl') })
      await client.connect()
      const store = new ConnectRedis({ client, prefix: `${unique()}:` })
      return { store, close: () => client.close() }
    },
  ],
  ['session-file-store', fileStore],
  [
    "express-session's MemoryStore",
    async () => ({ store: new expressSession.MemoryStore(), close() {} }),
  ],
]

describe.each(STORES)('Koa and Express on one %s', (_name, open) => {
  let opened: Opened
  let koa: Site
  let express: Awaited<ReturnType<typeof old>>
  beforeAll(async () => {
    opened = await open()
    express = await old(opened.store)
    koa = await serve(
      {
        '/koa/read': (ctx) => ({ ...ctx.session }),
        '/koa/age': (ctx) => ctx.session.cookie.maxAge,
        '/koa/add': (ctx) => {
          ctx.session.views = (ctx.session.views ?? 0) + 1
        },
        '/koa/login': (ctx) => {
          ctx.session.user = 'bob'
        },
        '/koa/logout': (ctx) => {
          ctx.session = null
        },
      },
      { store: fromExpressStore(opened.store), prefix: '', sessionIdStore: connectSid },
    )
  })
  afterAll(async () => {
    await koa.close()
    await express.close()
    await opened.close()
  })

  /** One browser for both: cookies do not tell the ports of a host apart. */
  function browser() {
    const one = new Browser(express.origin)
    return {
      get: (path: string) => one.get(path.startsWith('/koa') ? koa.origin + path : path),
      close: () => one.close(),
    }
  }

  test('a session of Express is read, changed and ended by Koa', async () => {
    const both = browser()
    await both.get('/login')
    expect((await both.get('/koa/read')).json()).toEqual({ user: 'ada' })
    // express-session computes it anew from the time that is left, and now and then loses one ms.
    const age = (await both.get('/koa/age')).json()
    expect(age).toBeGreaterThan(59_000)
    expect(age).toBeLessThanOrEqual(60_000)
    await both.get('/koa/add')
    await both.get('/add')
    await both.get('/koa/add')
    expect((await both.get('/read')).json()).toMatchObject({ user: 'ada', views: 3 })
    expect((await both.get('/koa/read')).json()).toEqual({ user: 'ada', views: 3 })
    await both.get('/koa/logout')
    expect((await both.get('/read')).json()).not.toHaveProperty('user')
    both.close()
  })

  test('a session of Koa is read and ended by Express', async () => {
    const both = browser()
    await both.get('/koa/login')
    expect((await both.get('/read')).json()).toMatchObject({ user: 'bob' })
    await both.get('/add')
    expect((await both.get('/koa/read')).json()).toEqual({ user: 'bob', views: 1 })
    await both.get('/logout')
    expect((await both.get('/koa/read')).json()).toEqual({})
    both.close()
  })
})

/** The application that was there before. */
async function old(store: Store) {
  const app = express()
  const cookie = { maxAge: 60_000 }
  app.use(
    expressSession({ store, secret: SECRET, resave: false, saveUninitialized: false, cookie }),
  )
  app.get('/login', ({ session }, response) => {
    session.user = 'ada'
    response.json(1)
  })
  app.get('/add', ({ session }, response) => {
    session.views = (session.views ?? 0) + 1
    response.json(1)
  })
  app.get('/read', ({ session: { cookie: _cookie, ...data } }, response) => {
    response.json(data)
  })
  app.get('/logout', ({ session }, response) => {
    session.destroy(() => response.json(1))
  })
  return listen(app)
}
