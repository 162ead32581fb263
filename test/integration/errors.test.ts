import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MemoryStore, SessionError, type SessionStore } from '../../src/index.js'
import { FaultyStore } from '../../src/testing.js'
import { type Opened, SOME } from '../support/backends.js'
import { type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const ROUTES: Routes = {
  '/read': async (ctx) => ({ ...(await ctx.session) }),
  '/count': async (ctx) => {
    const session = await ctx.session
    session.count = (session.count ?? 0) + 1
    return session.count
  },
  '/end': (ctx) => {
    ctx.session = null
  },
  '/throw': async (ctx) => {
    const session = await ctx.session
    session.before = true
    ctx.throw(418, 'the handler’s own error', { headers: { 'x-own': 'kept' } })
  },
}

type Call = 'load' | 'create' | 'replace' | 'get' | 'set' | 'destroy'

/** Fails these calls of the store itself: FaultyStore is in front of the adapter of an older one. */
function faulty<S extends object>(store: S, failing: Set<Call>): S {
  return new Proxy(store, {
    get(target, name) {
      if (failing.has(name as Call)) return () => Promise.reject(new Error('the store is on fire'))
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

describe.each(SOME)('$name', ({ open, strong }) => {
  let opened: Opened
  let site: Site | undefined
  beforeAll(async () => {
    opened = await open()
  })
  afterEach(() => site?.close())
  afterAll(() => opened.close())

  async function start(options: SiteOptions = {}) {
    const failing = new Set<Call>()
    const store = faulty(opened.store, failing)
    site = await serve(ROUTES, { store, prefix: opened.prefix, ...options })
    return { ...site, failing }
  }

  const READ: Call = strong ? 'load' : 'get'
  const WRITE: Call[] = strong ? ['create', 'replace'] : ['set']
  const END: Call = strong ? 'replace' : 'destroy'

  describe.each([false, true])('defer: %s', (defer) => {
    test('a failing read is a 5xx, never a new session, and the cookie stays', async () => {
      const { browser, failing, errors } = await start({ defer })
      const user = browser()
      await user.get('/count')
      failing.add(READ)
      const reply = await user.get('/count')
      expect([reply.status, reply.cookies]).toEqual([500, []])
      expect(errors).toMatchObject([
        { code: 'ERR_SESSION_STORE', cause: { message: 'the store is on fire' } },
      ])
      failing.clear()
      expect((await user.get('/read')).json()).toEqual({ count: 1 })
    })

    test('a failing write is a 5xx, and no cookie is sent', async () => {
      const { browser, failing, errors } = await start({ defer })
      const [user, other] = [browser(), browser()]
      await user.get('/count')
      for (const call of WRITE) failing.add(call)
      for (const each of [user, other]) {
        const reply = await each.get('/count')
        expect([reply.status, reply.cookies]).toEqual([500, []])
      }
      expect(errors).toMatchObject([{ code: 'ERR_SESSION_STORE' }, { code: 'ERR_SESSION_STORE' }])
      failing.clear()
      expect((await user.get('/read')).json()).toEqual({ count: 1 })
    })

    test('a failing destroy is a 5xx, and the cookie stays', async () => {
      const { browser, failing } = await start({ defer })
      const user = browser()
      await user.get('/count')
      failing.add(END)
      const reply = await user.get('/end')
      expect([reply.status, reply.cookies]).toEqual([500, []])
      failing.clear()
      expect((await user.get('/read')).json()).toEqual({ count: 1 })
    })

    test('the handler’s error stays the answer, and the session and its cookie survive it', async () => {
      const { browser, errors } = await start({ defer })
      const user = browser()
      const reply = await user.get('/throw')
      expect([reply.status, reply.text]).toEqual([418, 'the handler’s own error'])
      expect(reply.headers['x-own']).toBe('kept')
      expect(reply.cookies).toHaveLength(2)
      expect((await user.get('/read')).json()).toEqual({ before: true })
      expect(errors).toHaveLength(1)
    })

    test('the handler’s error is answered, and the app emits that of the failing write', async () => {
      const { browser, failing, errors } = await start({ defer })
      for (const call of WRITE) failing.add(call)
      const reply = await browser().get('/throw')
      expect([reply.status, reply.cookies]).toEqual([418, []])
      expect(errors).toMatchObject([{ code: 'ERR_SESSION_STORE' }, { status: 418 }])
    })

    test('errorHandler is called with get, set and destroy, and may swallow the error', async () => {
      const heard: string[] = []
      const { browser, failing } = await start({
        defer,
        errorHandler: async (error, type, ctx) => {
          heard.push(`${error.code} ${type} ${ctx.path}`)
        },
      })
      const user = browser()
      await user.get('/count')
      const attempts: [Call[], string][] = [
        [[READ], '/count'],
        [WRITE, '/count'],
        [[END], '/end'],
      ]
      for (const [calls, path] of attempts) {
        for (const call of calls) failing.add(call)
        const reply = await user.get(path)
        expect([reply.status, reply.cookies]).toEqual([200, []])
        failing.clear()
      }
      expect(heard).toEqual([
        'ERR_SESSION_STORE get /count',
        'ERR_SESSION_STORE set /count',
        'ERR_SESSION_STORE destroy /end',
      ])
      expect((await user.get('/read')).json()).toEqual({ count: 1 })
    })
  })

  test('what a message says holds no id and no data', async () => {
    const { browser, failing, errors } = await start()
    const user = browser()
    await user.get('/count')
    failing.add(READ)
    await user.get('/count')
    expect(JSON.stringify([errors[0]?.message, errors[0]?.stack])).not.toContain(
      user.jar.get('koa.sid'),
    )
  })
})

describe('whatever the store', () => {
  let site: Site | undefined
  afterEach(() => site?.close())

  test('ENOENT is how file stores say that there is no session', async () => {
    const rows = new Map<string, object>()
    site = await serve(ROUTES, {
      store: {
        get: async (sid) => {
          if (rows.has(sid)) return rows.get(sid)
          throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
        },
        set: async (sid, session) => rows.set(sid, session),
        destroy: async (sid) => rows.delete(sid),
      },
    })
    const user = site.browser()
    expect((await user.get('/count')).json()).toBe(1)
    rows.clear()
    expect((await user.get('/count')).json()).toBe(1)
    expect((await user.get('/count')).json()).toBe(2)
  })

  test('a store with a plain value, an object or a JSON text for an answer', async () => {
    const rows = new Map<string, unknown>()
    site = await serve(ROUTES, {
      store: {
        get: (sid) => rows.get(sid),
        set: (sid, session) => void rows.set(sid, JSON.stringify(session)),
        destroy: (sid) => void rows.delete(sid),
      },
    })
    const user = site.browser()
    await user.get('/count')
    expect((await user.get('/count')).json()).toBe(2)
  })

  test.each([
    ['an empty list of keys', []],
    ['no keys', undefined],
    ['an empty key', ['']],
  ])('%s is a clear error, and nothing is stored', async (_name, keys) => {
    const created: string[] = []
    site = await serve(ROUTES, { store: recording(created) })
    site.app.keys = keys as string[]
    expect((await site.browser().get('/read')).status).toBe(200)
    expect((await site.browser().get('/count')).status).toBe(500)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_KEYS' }])
    expect(created).toEqual([])
  })

  test('a 503 has Retry-After, and a 500 and the error of a handler have none', async () => {
    const store = new FaultyStore(new MemoryStore())
    site = await serve(ROUTES, { store })
    const user = site.browser()
    await user.get('/count')
    const away = new SessionError('ERR_SESSION_UNAVAILABLE', 'the store is away')
    const replies = []
    for (const error of [away, new Error('the store is broken')]) {
      store.fail('load', { error })
      replies.push(await user.get('/read'))
    }
    replies.push(await user.get('/throw'))
    expect(replies.map(({ status, headers }) => [status, headers['retry-after']])).toEqual([
      [503, '5'],
      [500, undefined],
      [418, undefined],
    ])
    expect(replies[2]?.headers['x-own']).toBe('kept')
  })

  test('cookie.signed false needs no keys', async () => {
    site = await serve(ROUTES, { cookie: { signed: false } })
    site.app.keys = undefined as unknown as string[]
    const user = site.browser()
    expect((await user.get('/count')).cookies).toHaveLength(1)
    expect((await user.get('/count')).json()).toBe(2)
  })

  test('a secure cookie on a plain connection is a clear error, and nothing is stored', async () => {
    const created: string[] = []
    site = await serve(ROUTES, { cookie: { secure: true }, store: recording(created) })
    expect((await site.browser().get('/count')).status).toBe(500)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_INSECURE' }])
    expect(created).toEqual([])
    site.app.proxy = true
    const reply = await site.browser().get('/count', { 'x-forwarded-proto': 'https' })
    expect(reply.cookies[0]).toMatch(/; secure; httponly$/)
  })

  test.each([
    ['too short', () => '1'],
    ['empty', () => ''],
    ['a path', () => '../../../../etc/passwd'],
    ['no text', () => 1234567890123456 as unknown as string],
  ])('genSid that returns something %s is an error; no cookie, nothing stored', async (_name, genSid) => {
    const created: string[] = []
    site = await serve(ROUTES, { genSid, store: recording(created) })
    const reply = await site.browser().get('/count')
    expect([reply.status, reply.cookies, created]).toEqual([500, [], []])
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_ID' }])
  })

  test('genSid that throws fails the request; no cookie, nothing stored', async () => {
    const created: string[] = []
    const genSid = () => {
      throw new Error('no entropy')
    }
    site = await serve(ROUTES, { genSid, store: recording(created) })
    const reply = await site.browser().get('/count')
    expect([reply.status, reply.cookies, created]).toEqual([500, [], []])
  })

  test('an id that is taken is never overwritten: another one is made, and in the end it is an error', async () => {
    const ids = ['taken-0123456789abc', 'taken-0123456789abc', 'free-0123456789abcd']
    site = await serve(ROUTES, { genSid: () => ids.shift() ?? 'taken-0123456789abc' })
    const [first, second, third] = [site.browser(), site.browser(), site.browser()]
    await first.get('/count')
    await first.get('/count')
    await second.get('/count')
    expect(second.jar.get('koa.sid')).toBe('free-0123456789abcd')
    expect((await third.get('/count')).status).toBe(500)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_ID' }])
    expect((await first.get('/read')).json()).toEqual({ count: 2 })
  })

  test('data that JSON cannot hold is a clear error, and the record stays as it was', async () => {
    site = await serve({
      ...ROUTES,
      '/cycle': (ctx) => {
        ctx.session.self = ctx.session
      },
      '/big': (ctx) => {
        ctx.session.big = 1n
      },
    })
    const user = site.browser()
    await user.get('/count')
    for (const path of ['/cycle', '/big']) expect((await user.get(path)).status).toBe(500)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_DATA' }, { code: 'ERR_SESSION_DATA' }])
    expect((await user.get('/read')).json()).toEqual({ count: 1 })
  })

  test('cookie attributes that cannot be are refused when the session is written', async () => {
    site = await serve({
      ...ROUTES,
      '/inject': (ctx) => {
        ctx.session.x = 1
        ctx.session.cookie.domain = 'a.example; secure'
      },
    })
    const reply = await site.browser().get('/inject')
    expect([reply.status, reply.cookies]).toEqual([500, []])
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_COOKIE' }])
  })

  test('an error that is no object, and one that takes no headers, go through as they are', async () => {
    site = await serve({
      '/text': (ctx) => {
        ctx.session.x = 1
        throw 'only a text'
      },
      '/sealed': (ctx) => {
        ctx.session.x = 1
        throw Object.preventExtensions(
          Object.assign(new Error('cold'), { status: 409, expose: true }),
        )
      },
    })
    for (const path of ['/text', '/sealed'])
      expect((await site.browser().get(path)).status).toBeGreaterThan(400)
  })

  test.each([
    'null',
    '[]',
    '"s"',
    '7',
    '{',
    '',
    `${'['.repeat(100_000)}`,
    `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
  ])('a malformed record is no session and never an error (%#)', async (value) => {
    const routes: Routes = { '/nothing': () => undefined, '/touch': (ctx) => ctx.session.isNew }
    for (const rolling of [false, true]) {
      site = await serve(routes, { store: fixed(value), rolling, cookie: { signed: false } })
      const visitor = site.browser()
      visitor.jar.set('koa.sid', 'a-session-id-0123456')
      expect((await visitor.get('/nothing')).status).toBe(200)
      expect((await visitor.get('/touch')).status).toBe(200)
      await site.close()
    }
    site = undefined
  })
})

/** A store that holds nothing and notes what it is asked to create. */
function recording(created: string[]): SessionStore {
  return {
    load: () => undefined,
    create: (key) => created.push(key) > 0,
    replace: () => ({ ok: false, current: undefined }),
    touch: () => false,
    destroy: () => false,
  }
}

/** A store that holds one value under every key. */
function fixed(value: string): SessionStore {
  return {
    load: () => value,
    create: () => true,
    replace: () => ({ ok: true }),
    touch: () => true,
    destroy: () => true,
  }
}
