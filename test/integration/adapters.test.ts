import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FOREIGN, unique } from '../support/foreign.js'
import { type Routes, type Site, serve } from '../support/site.js'

const ROUTES: Routes = {
  '/login': (ctx) => {
    ctx.regenerateSession()
    ctx.session = { user: 'ada', note: 'kept' }
  },
  '/read': (ctx) => ({ ...ctx.session }),
  '/end': (ctx) => ctx.session.cookie.expires?.toISOString() ?? null,
  '/own': (ctx) => {
    ctx.session.cookie.maxAge = 3_600_000
    ctx.session.cookie.domain = '127.0.0.1'
  },
  '/attributes': ({ session: { cookie } }) => ({ maxAge: cookie.maxAge, domain: cookie.domain }),
  '/add': (ctx) => {
    ctx.session.views = (ctx.session.views ?? 0) + 1
  },
  '/regenerate': (ctx) => {
    ctx.session.regenerate({ keep: ['user'] })
  },
  '/logout': (ctx) => {
    ctx.session = null
  },
}

/** The lifetime that a test waits for, in ms. */
const BRIEF = 2000

/** One site keeps sessions for a day, the other for two seconds after the last request. */
interface Sites {
  lasting: Site
  brief: Site
  close(): Promise<void>
}

async function open(kind: (typeof FOREIGN)[number]): Promise<Sites> {
  const { store, close } = await kind.open()
  const prefix = `${unique()}:`
  const lasting = await serve(ROUTES, { store, prefix })
  const brief = await serve(ROUTES, { store, prefix: `${prefix}brief:`, ttl: BRIEF, rolling: true })
  return {
    lasting,
    brief,
    async close() {
      await lasting.close()
      await brief.close()
      await close()
    },
  }
}

describe.concurrent.each(FOREIGN)('$name under Koa', (kind) => {
  let sites: Sites
  beforeAll(async () => {
    sites = await open(kind)
  })
  afterAll(() => sites.close())

  test('logs in, reads and modifies', async () => {
    const browser = sites.lasting.browser()
    await browser.get('/login')
    expect((await browser.get('/read')).json()).toEqual({ user: 'ada', note: 'kept' })
    await browser.get('/add')
    await browser.get('/add')
    expect((await browser.get('/read')).json()).toEqual({ user: 'ada', note: 'kept', views: 2 })
    expect(sites.lasting.errors).toEqual([])
  })

  test('requests that overlap lose nothing', async () => {
    const browser = sites.lasting.browser()
    await browser.get('/login')
    await Promise.all(Array.from({ length: 5 }, () => browser.get('/read')))
    await Promise.all([browser.get('/add'), browser.get('/own')])
    expect((await browser.get('/read')).json()).toMatchObject({ views: 1 })
    expect((await browser.get('/attributes')).json()).toMatchObject({ maxAge: 3_600_000 })
  })

  test('keeps the cookie of one user', async () => {
    const browser = sites.lasting.browser()
    await browser.get('/login')
    await browser.get('/own')
    expect((await browser.get('/attributes')).json()).toEqual({
      maxAge: 3_600_000,
      domain: '127.0.0.1',
    })
    expect((await browser.get('/end')).json()).toBeNull()
  })

  test('regenerates: a new id, and the old one is dead', async () => {
    const browser = sites.lasting.browser()
    await browser.get('/login')
    const old = browser.cookie
    await browser.get('/regenerate')
    expect(browser.cookie).not.toBe(old)
    expect((await browser.get('/read')).json()).toEqual({ user: 'ada' })
    const thief = await sites.lasting.browser().get('/read', { cookie: old })
    expect(thief.json()).toEqual({})
  })

  test('logs out, and a slow request does not bring the session back', async () => {
    const browser = sites.lasting.browser()
    await browser.get('/login')
    const old = browser.cookie
    await Promise.all([browser.get('/logout'), browser.get('/add', { cookie: old })])
    const replay = await sites.lasting.browser().get('/read', { cookie: old })
    expect(replay.json()).toEqual({})
  })

  test('expires what is not read, and keeps what is', async () => {
    const [idle, busy] = [sites.brief.browser(), sites.brief.browser()]
    await idle.get('/login')
    // A pause between two reads that was too long proves nothing, and begins anew.
    for (let begun = Date.now(), last = 0; Date.now() - begun <= BRIEF + kind.precision; ) {
      if (Date.now() - last >= BRIEF / 2) {
        await busy.get('/login')
        begun = Date.now()
      }
      last = Date.now()
      const reply = await busy.get('/read')
      if (Date.now() - last < BRIEF / 2) expect(reply.json()).toHaveProperty('user')
      await sleep(200)
    }
    const late = await sites.brief.browser().get('/read', { cookie: idle.cookie })
    expect(late.json()).toEqual({})
  })
})
