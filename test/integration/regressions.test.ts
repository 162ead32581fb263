import { Redis } from 'ioredis'
import type { Context, Next } from 'koa'
import { afterEach, describe, expect, inject, test } from 'vitest'
import session, { type LegacyStore, MemoryStore, type SessionStore } from '../../src/index.js'
import { tombstone } from '../../src/record/tombstone.js'
import { adaptLegacy } from '../../src/stores/legacy/adapter.js'
import { RedisStore } from '../../src/stores/redis/store.js'
import { FaultyStore, type StoreMethod } from '../../src/testing.js'
import { Gate } from '../support/gate.js'
import { BASICS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

// Each was wrong once.

let site: Site
afterEach(() => site?.close())

const ROUTES: Routes = {
  ...BASICS,
  '/end': (ctx) => {
    ctx.session = null
  },
}

async function start(routes: Routes = {}, options: SiteOptions = {}) {
  site = await serve({ ...ROUTES, ...routes }, options)
  return site.browser()
}

/** A store some of whose calls fail. */
function failing(store: SessionStore, ...methods: StoreMethod[]): FaultyStore {
  const faulty = new FaultyStore(store)
  for (const method of methods) faulty.fail(method, { times: Number.POSITIVE_INFINITY })
  return faulty
}

describe('errors and cookies', () => {
  test('an error that a second request throws again carries no cookie of the first', async () => {
    const shared = Object.assign(new Error('boom'), { status: 503, headers: { 'x-own': '1' } })
    const alice = await start({
      '/login': (ctx) => {
        ctx.session.user = 'alice'
        throw shared
      },
      '/other': () => {
        throw shared
      },
    })
    const reply = await alice.get('/login')
    expect([reply.status, reply.cookies.length, reply.headers['x-own']]).toEqual([503, 2, '1'])
    expect((await site.browser().get('/other')).cookies).toEqual([])
    expect(shared.headers).toEqual({ 'x-own': '1' })
  })

  test('the cookie survives whatever is thrown, a text or a middleware above included', async () => {
    const above = async (ctx: Context, next: Next) => {
      await next()
      if (ctx.path === '/above') throw new Error('too late')
    }
    const user = await start(
      {
        '/text': (ctx) => {
          ctx.session.x = 1
          throw 'only a text'
        },
        '/above': ROUTES['/set'] ?? expect.fail(),
      },
      { before: [above] },
    )
    for (const path of ['/text', '/above']) {
      const reply = await user.get(path)
      expect([reply.status, reply.cookies.length]).toEqual([500, 2])
    }
    expect((await user.get('/read')).json()).toEqual({ x: 2 })
  })

  test('a request whose session went away takes back the cookie of its earlier save', async () => {
    const gate = new Gate()
    const user = await start({
      '/slow': async (ctx) => {
        ctx.set('Set-Cookie', 'other=1')
        ctx.session.early = true
        await ctx.saveSession()
        await gate.pass()
        ctx.session.late = true
      },
      '/login': (ctx) => {
        ctx.regenerateSession()
        ctx.session.user = 'ada'
      },
    })
    await user.get('/set')
    const slow = user.get('/slow')
    await gate.arrived
    await user.get('/login')
    gate.open()
    expect((await slow).cookies).toEqual(['other=1'])
    expect((await user.get('/read')).json()).toEqual({ user: 'ada' })
  })
})

describe('saves and updates', () => {
  test('a deferred session with a valid hook can be ended without a look', async () => {
    const user = await start({}, { defer: true, valid: () => true })
    await user.get('/set')
    const { cookie } = user
    expect((await user.get('/end')).cookies).toHaveLength(2)
    expect((await user.get('/read', { cookie })).json()).toEqual({})
  })

  test('updates count, whatever else the same request writes meanwhile', async () => {
    const user = await start({
      '/both': async (ctx) => {
        const count = () =>
          ctx.updateSession(async (draft) => {
            await null
            draft.n = (draft.n ?? 0) + 1
          })
        ctx.session.x = 1
        ctx.saveSession()
        const first = count()
        ctx.saveSession()
        ctx.session.y = 2
        await Promise.all([first, count(), ctx.saveSession(), count()])
      },
    })
    for (const n of [3, 6]) {
      await user.get('/both')
      expect((await user.get('/read')).json()).toEqual({ x: 1, y: 2, n })
    }
  })

  test.each([false, true])('a save that fails need not be awaited (defer: %s)', async (defer) => {
    const raised: unknown[] = []
    const note = (reason: unknown) => raised.push(reason)
    process.on('unhandledRejection', note)
    const routes: Routes = {
      '/save': async (ctx) => {
        const current = await ctx.session
        current.x = 1
        ctx.saveSession()
        current.save()
        ctx.updateSession(() => undefined)
      },
      '/move': (ctx) => void ctx.regenerateSession({ keep: ['x'] }),
    }
    const store = new MemoryStore()
    const user = await start(routes, { defer, store: failing(store, 'create', 'replace') })
    expect((await user.get('/save')).status).toBe(500)
    const broken = await serve(routes, { defer, store: failing(store, 'load') })
    const signed = await serve(ROUTES, { store })
    const other = signed.browser()
    await other.get('/set')
    expect((await other.get(`${broken.origin}/move`)).status).toBe(500)
    await broken.close()
    await signed.close()
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect(raised).toEqual([])
  })

  test.each([
    'load',
    'create',
    'replace',
  ] as const)('an update that could not be stored (%s) rejects, whatever errorHandler does', async (call) => {
    const store = new FaultyStore(new MemoryStore())
    const user = await start(
      {
        '/update': (ctx) =>
          ctx
            .updateSession((draft) => {
              draft.n = 1
            })
            .then(
              () => 'stored',
              (error) => error.code,
            ),
      },
      { store, errorHandler: () => undefined },
    )
    if (call !== 'create') await user.get('/set')
    store.fail(call, { times: Number.POSITIVE_INFINITY })
    expect((await user.get('/update')).json()).toBe('ERR_SESSION_STORE')
  })
})

describe('stores of the older contract', () => {
  const classic = (rows: Map<string, object>): LegacyStore => ({
    get: async (sid) => rows.get(sid),
    set: async (sid, value) => void rows.set(sid, value),
    destroy: async (sid) => void rows.delete(sid),
  })

  test('a rolling read does not bar an ended id for longer', async () => {
    let time = 1_800_000_000_000
    const store = adaptLegacy(classic(new Map()), () => time)
    await store.create('key', '{"a":1}', time + 1000)
    const until = time + 10_000
    await store.replace('key', '{"a":1}', tombstone(until), until)
    await Promise.all([store.load('key', time + 86_400_000), store.load('key', time + 86_400_000)])
    time = until + 1
    expect(await store.load('key')).toBe(undefined)
  })

  test('an id that is just being ended is not free', async () => {
    const gate = new Gate()
    const rows = new Map<string, object>()
    const store = adaptLegacy(
      {
        ...classic(rows),
        destroy: (sid) => {
          rows.delete(sid)
          return gate.pass()
        },
      },
      () => 0,
    )
    await store.create('key', '{"a":1}', 1000)
    const ended = tombstone(500)
    const ending = store.replace('key', '{"a":1}', ended, 500)
    await expect.poll(() => rows.size).toBe(0)
    expect(await store.load('key')).toBe(ended)
    gate.open()
    await ending
  })

  test('a generator function is an answer too', async () => {
    const rows = new Map<string, object>()
    const answer = (work: () => unknown) =>
      function* (): Generator<unknown, unknown, unknown> {
        return yield function* inner(): Generator<unknown, unknown, unknown> {
          yield null
          return work()
        }
      }
    const user = await start(
      {},
      {
        store: {
          get: (sid) => answer(() => rows.get(sid)),
          set: (sid, value) => answer(() => void rows.set(sid, value)),
          destroy: (sid) => answer(() => void rows.delete(sid)),
        },
      },
    )
    await user.get('/set')
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
  })

  test.each([
    'not json',
    'null',
    '[]',
    '7',
  ])('%s in it is no session, rolling or not', async (text) => {
    const user = await start(
      {},
      {
        rolling: true,
        cookie: { signed: false },
        store: { get: () => text, set: () => undefined, destroy: () => undefined },
      },
    )
    user.jar.set('koa.sid', 'some-session-id-0123')
    expect((await user.get('/read')).json()).toEqual({})
  })
})

describe('cookies of one user', () => {
  test('keep to the rules that the options keep to', async () => {
    const user = await start(
      {
        '/none': (ctx) => {
          ctx.session.x = 1
          ctx.session.cookie.sameSite = 'none'
        },
      },
      { cookie: { secure: false } },
    )
    expect((await user.get('/none')).status).toBe(500)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_COOKIE' }])
    await site.close()
    const guarded = await start(
      {
        '/domain': (ctx) => {
          ctx.cookies.secure = true
          ctx.session.x = 1
          ctx.session.cookie.domain = 'a.example'
        },
        '/plain': (ctx) => {
          ctx.cookies.secure = true
          ctx.session.x = 1
        },
      },
      { key: '__Host-sid' },
    )
    expect((await guarded.get('/domain')).status).toBe(500)
    expect((await guarded.get('/plain')).cookies[0]).toMatch(/; secure; httponly$/)
  })

  test('ctx.cookies.secure makes an undecided cookie secure, as it does Koa’s own', async () => {
    const user = await start({
      '/secure': (ctx) => {
        ctx.cookies.secure = true
        ctx.session.x = 1
      },
    })
    expect((await user.get('/secure')).cookies[0]).toContain('; secure')
  })

  test('a fixed end holds, however often a rolling session is read', async () => {
    let time = 1_800_000_000_000
    const now = () => time
    const user = await start(
      {
        '/until': (ctx) => {
          ctx.session.x = 1
          ctx.session.cookie.expires = new Date(time + 10_000)
        },
        '/quiet': (ctx) => {
          ctx.sessionSave = false
        },
      },
      { rolling: true, now, store: new MemoryStore({ now }) },
    )
    await user.get('/until')
    const { cookie } = user
    await user.get('/quiet', { cookie })
    time += 10_001
    expect((await user.get('/read', { cookie })).json()).toEqual({})
    expect(site.events).toEqual(['missed'])
  })
})

describe('several sessions on one app', () => {
  test('the same middleware inside of another one is still served by the first', async () => {
    const [one, two] = [new MemoryStore(), new MemoryStore()]
    const first = { key: 'one', store: one }
    const user = await start(
      {},
      { ...first, after: [session({ key: 'two', store: two }) as never, session(first) as never] },
    )
    await user.get('/set')
    expect([one.size, two.size]).toEqual([0, 1])
  })

  test('an id that was set before is presented to one of them alone', async () => {
    const seen: unknown[] = []
    const preset = (ctx: Context, next: Next) => {
      ctx.sessionId = 'a-preset-id-0123456789'
      return next()
    }
    const look = (name: string): SessionStore => ({
      load: (key) => void seen.push([name, key]),
      create: () => true,
      replace: () => ({ ok: true }),
      touch: () => true,
      destroy: () => true,
    })
    const user = await start(
      {},
      {
        prefix: '',
        store: look('outer'),
        before: [preset],
        after: [session({ key: 'inner', prefix: '', store: look('inner') }) as never],
      },
    )
    await user.get('/read')
    expect(seen).toEqual([['outer', 'a-preset-id-0123456789']])
  })
})

describe('and', () => {
  test('genSid may fail for ctx.sessionId too, and nothing goes unhandled', async () => {
    const raised: unknown[] = []
    const note = (reason: unknown) => raised.push(reason)
    process.on('unhandledRejection', note)
    const user = await start(
      {
        '/id': (ctx) => {
          ctx.session.x = 1
          return ctx.sessionId ?? 'none yet'
        },
      },
      { genSid: async () => Promise.reject(new Error('no entropy')) },
    )
    expect((await user.get('/id')).status).toBe(500)
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect(raised).toEqual([])
  })

  test('a key named then is data like any other', async () => {
    const user = await start({
      '/then': (ctx) => {
        ctx.session = JSON.parse('{"then":"x"}')
      },
    })
    await user.get('/then')
    expect((await user.get('/read')).text).toBe('{"then":"x"}')
  })

  test('a forgotten await is not a session', async () => {
    const user = await start({
      '/promise': (ctx) => {
        Reflect.set(ctx, 'session', Promise.resolve({ x: 1 }))
      },
    })
    expect((await user.get('/promise')).status).toBe(500)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_VALUE' }])
  })

  test('what ctx.sessionStore tells can be set as the session', async () => {
    const user = await start({
      '/remember': (ctx) => {
        ctx.session.x = 1
        ctx.session.cookie.maxAge = 60_000
      },
      '/copy': async (ctx) => {
        ctx.session = (await ctx.sessionStore.get(ctx.get('x-session'))) ?? null
      },
    })
    await user.get('/remember')
    const other = site.browser()
    const reply = await other.get('/copy', { 'x-session': user.jar.get('koa.sid') ?? '' })
    expect(reply.cookies[0]).toContain('; expires=')
    expect((await other.get('/read')).json()).toEqual({ x: 1 })
  })

  test('a session that makes something else of itself is a clear error', async () => {
    const user = await start({
      '/tojson': (ctx) => {
        ctx.session.toJSON = () => null
      },
    })
    await user.get('/set')
    expect((await user.get('/tojson')).status).toBe(500)
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
  })

  test('a client that connects with its first command is not away', async () => {
    const client = new Redis(inject('redisUrl'), { lazyConnect: true })
    const store = new RedisStore({ client })
    const user = await start({}, { store, reconnectTimeout: 0 })
    expect((await user.get('/set')).status).toBe(200)
    store.close()
    await client.quit()
  })

  test('the error of a server that repeats an unknown argument does not hold it', async () => {
    const client = {
      status: 'ready',
      call: async (name: string, key: string) => {
        throw new Error(`ERR unknown command '${name}', with args beginning with: '${key}' `)
      },
      on: () => undefined,
      off: () => undefined,
    }
    const error = await new RedisStore({ client })
      .load('koa:sess:secret')
      .catch((failure) => failure)
    expect(error.message).toBe("ERR unknown command 'get'")
    expect(error.stack).not.toContain('secret')
  })

  test('reading sweeps the memory store as well', () => {
    let time = 0
    const store = new MemoryStore({ now: () => time })
    store.create('lasting', 'x', 1000)
    for (let count = 0; count < 100; count++) store.create(`short-${count}`, 'x', 10)
    time = 11
    for (let count = 0; count < 200; count++) store.load('lasting')
    expect(store.size).toBe(1)
  })
})
