import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { expressCookie } from '../../src/adapters.js'
import { MemoryStore } from '../../src/index.js'
import type { SessionIdStore } from '../../src/options/session-options.js'
import { FaultyStore } from '../../src/testing.js'
import { type Opened, SOME } from '../support/backends.js'
import type { Reply } from '../support/browser.js'
import { Gates } from '../support/gate.js'
import {
  BASICS,
  type Route,
  type Routes,
  type Site,
  type SiteOptions,
  serve,
} from '../support/site.js'

let site: Site | undefined
afterEach(() => site?.close())

async function start(routes: Routes, options: SiteOptions = {}) {
  site = await serve({ '/read': (ctx) => ({ ...ctx.session }), ...routes }, options)
  return site.browser()
}

const names = ({ cookies }: Reply) => cookies.map((line) => line.slice(0, line.indexOf('=')))

describe('the cookie stays on the answer, whatever is set later', () => {
  const own = 'mine=1'
  const LATER: Record<string, Route> = {
    'ctx.set': (ctx) => ctx.set('Set-Cookie', own),
    'ctx.set of a list': (ctx) => ctx.set({ 'set-cookie': [own] }),
    'res.setHeader': (ctx) => void ctx.res.setHeader('set-cookie', own),
    'res.setHeaders': (ctx) => void ctx.res.setHeaders(new Headers([['set-cookie', own]])),
    'ctx.cookies': (ctx) => void ctx.cookies.set('mine', '1', { signed: false }),
    'the same name': (ctx) => ctx.set('Set-Cookie', ['koa.sid=other', own]),
    'a Response': (ctx) => {
      Reflect.set(ctx, 'body', new Response('text', { headers: { 'set-cookie': own } }))
    },
    writeHead: (ctx) => {
      ctx.respond = false
      ctx.res.writeHead(200, { 'Set-Cookie': own }).end('done')
    },
    'writeHead with a reason': (ctx) => {
      ctx.respond = false
      ctx.res.writeHead(200, 'Fine', { 'Set-Cookie': [own] }).end('done')
    },
    'writeHead with a list': (ctx) => {
      ctx.respond = false
      ctx.res.writeHead(200, ['Set-Cookie', own, 'X-Two', 'a', 'x-two', 'b']).end('done')
    },
    'ctx.throw with headers': (ctx) => ctx.throw(409, { headers: { 'set-cookie': own } }),
  }

  test.each(Object.keys(LATER))('%s', async (how) => {
    const user = await start({
      '/save': async (ctx) => {
        ctx.session.x = 1
        await ctx.saveSession()
        await LATER[how]?.(ctx)
      },
    })
    expect(names(await user.get('/save')).sort()).toEqual(['koa.sid', 'koa.sid.sig', 'mine'])
    expect(user.jar.get('mine')).toBe('1')
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
  })

  test('headers that writeHead gets beside it arrive as given', async () => {
    const user = await start({
      '/save': (ctx) => {
        void ctx.session
        return LATER['writeHead with a list']?.(ctx)
      },
    })
    const { headers } = await user.get('/save')
    expect([headers['x-two'], headers['cache-control']]).toEqual(['a, b', 'private'])
  })

  test('it is removed, by a middleware above', async () => {
    const user = await start(
      {
        '/set': (ctx) => {
          ctx.session.x = 1
        },
      },
      {
        before: [
          async (ctx, next) => {
            await next()
            ctx.remove('Set-Cookie')
          },
        ],
      },
    )
    expect(names(await user.get('/set'))).toEqual(['koa.sid', 'koa.sid.sig'])
  })

  test('a cookie that was taken back stays away', async () => {
    const store = new MemoryStore()
    const user = await start(
      {
        '/save': async (ctx) => {
          ctx.session.x = 1
          await ctx.saveSession()
          await ctx.sessionStore.destroy(String(ctx.sessionId))
          ctx.throw(409)
        },
      },
      { store },
    )
    const reply = await user.get('/save')
    expect([reply.status, reply.cookies]).toEqual([409, []])
  })
})

describe('C8: what sessionIdStore sets', () => {
  const header: SessionIdStore = {
    get() {
      return this.get('x-session') || this.cookies.get('known', { signed: false })
    },
    set(sid) {
      this.set('x-session', sid)
      this.cookies.set('known', sid, { signed: false })
    },
    reset() {},
  }
  const carriers: [string, SessionIdStore][] = [
    ['a header and a cookie', header],
    ['expressCookie', expressCookie({ secret: 'a long random secret' })],
  ]

  test.each(
    carriers,
  )('is taken back when a login ends the session meanwhile: %s', async (_, ids) => {
    const gates = new Gates()
    const user = await start(
      {
        ...BASICS,
        '/slow': async (ctx) => {
          await ctx.updateSession((draft) => {
            draft.x = 2
          })
          ctx.append('Set-Cookie', 'own=1')
          await gates.pass('slow')
        },
        '/login': (ctx) => {
          ctx.regenerateSession()
          ctx.session.user = 'ada'
        },
      },
      { sessionIdStore: ids },
    )
    await user.get('/set')
    const slow = user.get('/slow')
    await gates.arrived('slow')
    await user.get('/login')
    gates.open('slow')
    const { headers, cookies } = await slow
    expect([headers['x-session'], cookies]).toEqual([undefined, ['own=1']])
    expect((await user.get('/read')).json()).toEqual({ user: 'ada' })
  })
})

describe('what sessionIdStore sets survives an error', () => {
  const header: SessionIdStore = {
    get() {
      return this.get('x-session')
    },
    async set(sid) {
      this.set('x-session', sid)
      this.append('Set-Cookie', 'known=1')
    },
    reset() {
      this.remove('x-session')
      this.set('x-ended', '1')
    },
  }
  const ROUTES: Routes = {
    '/set': (ctx) => {
      ctx.session.x = 1
    },
    '/move': async (ctx) => {
      await ctx.regenerateSession({ keep: ['x'] })
      ctx.throw(409)
    },
    '/save': async (ctx) => {
      ctx.session.y = 1
      await ctx.saveSession()
      ctx.throw(409, { headers: { 'x-own': 'kept', 'set-cookie': 'own=1' } })
    },
    '/end': async (ctx) => {
      await ctx.session.destroy()
      ctx.throw(409)
    },
  }

  async function login() {
    const device = await start(ROUTES, { sessionIdStore: header })
    const { headers } = await device.get('/set')
    const ask = (path: string, id: unknown) => device.get(path, { 'x-session': String(id) })
    return { ask, id: headers['x-session'] }
  }

  test('a regenerate', async () => {
    const { ask, id } = await login()
    const reply = await ask('/move', id)
    expect(reply.status).toBe(409)
    expect(reply.headers['x-session']).not.toBe(id)
    expect((await ask('/read', reply.headers['x-session'])).json()).toEqual({ x: 1 })
  })

  test('a save, beside the headers of the error', async () => {
    const { ask, id } = await login()
    const { headers, cookies } = await ask('/save', id)
    expect([headers['x-session'], headers['x-own']]).toEqual([id, 'kept'])
    expect(cookies).toEqual(['own=1', 'known=1'])
  })

  test('a logout', async () => {
    const { ask, id } = await login()
    const { headers } = await ask('/end', id)
    expect([headers['x-session'], headers['x-ended']]).toEqual([undefined, '1'])
  })
})

describe.each(SOME)('a save that comes after the headers: $name', ({ open }) => {
  let opened: Opened
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(() => opened.close())

  const ROUTES: Routes = {
    '/page': (ctx) => {
      ctx.respond = false
      ctx.res.end('the page')
      ctx.session.visits = 1
    },
    '/login': async (ctx) => {
      ctx.session.x = 1
      ctx.respond = false
      ctx.res.end('done')
      await ctx.regenerateSession({ keep: ['x'] })
    },
    '/set': (ctx) => {
      ctx.session.x = 1
    },
  }

  test('a new session that no cookie can name is not stored, and a warning says it once', async () => {
    const warnings: string[] = []
    const note = (warning: Error) => warnings.push(String(Reflect.get(warning, 'code')))
    process.on('warning', note)
    const user = await start(ROUTES, { store: opened.store, prefix: opened.prefix })
    const before = (await opened.records()).size
    for (let view = 0; view < 3; view++) await user.get('/page')
    await expect.poll(() => site?.events.length).toBe(3)
    await new Promise(setImmediate)
    process.off('warning', note)
    expect((await opened.records()).size).toBe(before)
    expect(warnings.filter((code) => code === 'KOA_SESS_LATE_SAVE')).toHaveLength(1)
    expect(site?.errors).toEqual([])
  })

  test('a regenerate then ends the old session, and stores no new one', async () => {
    const user = await start(ROUTES, { store: opened.store, prefix: opened.prefix })
    const before = (await opened.records()).size
    await user.get('/set')
    await user.get('/login')
    await expect.poll(async () => (await opened.records()).size).toBe(before)
    expect((await user.get('/read')).json()).toEqual({})
    expect(site?.errors).toEqual([])
  })
})

test('headers that are sent while the store writes: the record is withdrawn', async () => {
  const memory = new MemoryStore()
  const store = new FaultyStore(memory)
  const hold = store.hold('create')
  const user = await start(
    {
      '/page': (ctx) => {
        ctx.respond = false
        ctx.session.visits = 1
        void hold.arrived.then(() => {
          ctx.res.end('the page')
          hold.release()
        })
      },
    },
    { store },
  )
  expect((await user.get('/page')).cookies).toEqual([])
  await expect.poll(() => site?.events).toEqual(['unsent'])
  expect(memory.size).toBe(0)
})

describe('what sessionIdStore only extended', () => {
  test('is as before once the id is taken back, and reset is called', async () => {
    const calls: string[] = []
    const ids: SessionIdStore = {
      get: () => undefined,
      set(sid) {
        calls.push('set')
        this.vary('X-Session')
        this.set('x-session', sid)
      },
      reset: () => void calls.push('reset'),
    }
    const user = await start(
      {
        '/end': async (ctx) => {
          ctx.vary('Origin')
          ctx.session.x = 1
          await ctx.saveSession()
          ctx.session = null
        },
      },
      { sessionIdStore: ids, privateCache: false },
    )
    const { headers } = await user.get('/end')
    expect([headers.vary, headers['x-session'], calls]).toEqual([
      'Origin',
      undefined,
      ['set', 'reset'],
    ])
  })
})

describe('a new session after the headers', () => {
  test('an update is refused, as no browser would have its id; one that stores nothing is not', async () => {
    const store = new MemoryStore()
    const user = await start(
      {
        '/late': async (ctx) => {
          ctx.respond = false
          ctx.res.writeHead(200).flushHeaders()
          const update = ctx.updateSession((draft) => {
            if (ctx.query.x) draft.x = 1
            return 'done'
          })
          ctx.res.end(await update.catch((error) => error.code))
        },
      },
      { store },
    )
    expect((await user.get('/late?x=1')).text).toBe('ERR_SESSION_CONTEXT')
    expect((await user.get('/late')).text).toBe('done')
    expect(store.size).toBe(0)
  })
})
