import type { Context } from 'koa'
import { afterEach, describe, expect, test } from 'vitest'
import { cookieSession } from '../../src/cookie.js'
import session, { MemoryStore } from '../../src/index.js'
import { FaultyStore, ManualClock, type StoreCall } from '../../src/testing.js'
import { counted, SOME } from '../support/backends.js'
import type { Route, Site, SiteOptions } from '../support/site.js'
import { clearsCookie, lastCode, listOf, loggedIn, serveUsers, userOf, users } from './fixture.js'

let site: Site
afterEach(() => site?.close())

async function start(options: SiteOptions = {}): Promise<Site> {
  site = await serveUsers(options)
  return site
}

describe.each(SOME)('the sessions of a user: $name', ({ open }) => {
  const MODES: [string, SiteOptions][] = [
    ['plain', {}],
    ['hashed and encrypted', { hashIds: true, encryption: { keys: ['k'.repeat(32)] } }],
    ['deferred and rolling', { defer: true, rolling: true }],
    ['with renew and absoluteTimeout', { renew: 0.5, absoluteTimeout: 1e9, ttl: 1e6 }],
  ]
  test.each(MODES)('%s: listed, ended one by one, and all', async (_, mode) => {
    const { store, prefix, close } = await open()
    await start({ ...mode, store, prefix })
    const [first, second, third] = [
      await loggedIn(site),
      await loggedIn(site),
      await loggedIn(site),
    ]
    const other = await loggedIn(site, '/login?user=bob')
    const list = await listOf(second)
    expect(list.map(({ current }) => current)).toEqual([false, true, false])
    expect(JSON.stringify(list)).not.toContain(second.jar.get('koa.sid'))
    expect((await second.get(`/end?handle=${list[2]?.handle}`)).json()).toBe(true)
    expect((await second.get(`/end?handle=${list[2]?.handle}`)).json()).toBe(false)
    expect([await userOf(first), await userOf(third)]).toEqual([undefined, 'ada'])
    expect((await second.get('/end-others')).json()).toBe(1)
    expect([await userOf(second), await userOf(third)]).toEqual(['ada', undefined])
    expect(await listOf(second)).toHaveLength(1)
    const reply = await second.get('/end-all')
    expect([reply.json(), clearsCookie(reply)]).toEqual([1, true])
    expect([await userOf(second), await userOf(other)]).toEqual([undefined, 'bob'])
    expect(await site.session.of('ada').list()).toEqual([])
    await site.session.of('bob').endAll()
    await close()
  })
})

describe('whose a session is', () => {
  test.each(['/login', '/login-here', '/login-by-update'])('%s lists it', async (path) => {
    await start()
    const user = site.browser()
    await user.get('/set')
    await user.get(path)
    expect((await listOf(user)).map(({ current }) => current)).toEqual([true])
    expect(await site.session.of('ada').endAll()).toBe(1)
    expect(await userOf(user)).toBe(undefined)
  })

  test.each(['/logout', '/leave-here'])('%s unlists it', async (path) => {
    await start()
    const user = await loggedIn(site)
    await user.get(path)
    expect(await site.session.of('ada').list()).toEqual([])
  })

  test('another user under the same id moves it', async () => {
    await start()
    const user = await loggedIn(site)
    await user.get('/login-here?user=bob')
    expect(await site.session.of('ada').list()).toEqual([])
    expect(await site.session.of('bob').list()).toHaveLength(1)
    expect(await site.session.of('bob').endAll()).toBe(1)
    expect(await userOf(user)).toBe(undefined)
  })

  test('a minute after its logout, a session that kept its id is not ended with those of its user', async () => {
    let time = Date.now()
    await start({ now: () => time })
    const user = await loggedIn(site, '/login-here')
    await user.get('/set')
    await user.get('/leave-here')
    time += 120_000
    expect(await site.session.of('ada').endAll()).toBe(0)
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
  })

  test('a new id of the same user replaces the entry, and keeps the time of the login', async () => {
    let time = 1e12
    await start({ now: () => time })
    const user = await loggedIn(site)
    time += 5000
    await user.get('/rotate')
    expect(await listOf(user)).toMatchObject([{ current: true, createdAt: 1e12 }])
    expect(await site.session.of('ada').endAll()).toBe(1)
    expect(await userOf(user)).toBe(undefined)
  })

  test('the user may be nested, as Passport keeps it', async () => {
    const of = (session: SessionData) => session.passport?.user
    site = await serveUsers(
      { users: { of } },
      {
        '/passport': (ctx) => {
          ctx.session.passport ??= {}
          ctx.session.passport.user = ctx.query.user
        },
      },
    )
    const user = site.browser()
    for (const name of ['ada', 'bob']) await user.get(`/passport?user=${name}`)
    expect(await site.session.of('ada').list()).toEqual([])
    expect(await site.session.of('bob').endAll()).toBe(1)
    expect((await user.get('/read')).json()).toEqual({})
  })

  test('an id that is a number is the same user as its text', async () => {
    await start({ users: { of: ({ user }) => (user === undefined ? undefined : Number(user)) } })
    const user = await loggedIn(site, '/login?user=7')
    expect(await listOf(user)).toHaveLength(1)
    expect(await site.session.of('7').endAll()).toBe(1)
  })

  test.each([{}, true, Number.NaN])('of may not return %j', async (id) => {
    await start({ users: { of: ({ user }) => (user ? (id as unknown as string) : undefined) } })
    const user = site.browser()
    expect((await user.get('/login')).status).toBe(500)
    expect([lastCode(site), user.jar.size]).toEqual(['ERR_SESSION_OPTION', 0])
  })
})

describe('max', () => {
  test('ASVS 7.1.2: a login above max ends the oldest session', async () => {
    const { store, calls } = counted(new MemoryStore())
    await start({ store, users: { ...users, max: 2 } })
    const reasons: unknown[] = []
    site.app.on('session:users:ended', ({ why, count }) => reasons.push([why, count]))
    const [first, second] = [await loggedIn(site), await loggedIn(site)]
    const third = await loggedIn(site)
    expect(await Promise.all([first, second, third].map(userOf))).toEqual([undefined, 'ada', 'ada'])
    expect(reasons).toEqual([['limit', 1]])
    expect(calls).not.toEqual([])
  })

  test('whenFull refuse: the login is a 409, and the browser keeps what it had', async () => {
    const store = new MemoryStore()
    await start({ store, users: { ...users, max: 1, whenFull: 'refuse' } })
    const reasons: unknown[] = []
    site.app.on('session:users:refused', ({ why }) => reasons.push(why))
    const first = await loggedIn(site)
    const second = site.browser()
    await second.get('/set')
    for (const path of ['/login', '/login-here', '/login-by-update']) {
      const reply = await second.get(path)
      expect([reply.status, reply.cookies, lastCode(site)]).toEqual([409, [], 'ERR_SESSION_LIMIT'])
      expect((await second.get('/read')).json()).toEqual({ x: 1 })
    }
    expect(reasons).toEqual(['limit', 'limit', 'limit'])
    // The list, the first session, and the one without a user.
    expect(store.size).toBe(3)
    await first.get('/logout')
    expect((await second.get('/login')).status).toBe(200)
    expect(await userOf(second)).toBe('ada')
  })

  test('a session that logged out or got a new id counts no more', async () => {
    await start({ users: { ...users, max: 2 } })
    const [first, second] = [await loggedIn(site), await loggedIn(site)]
    await first.get('/rotate')
    await second.get('/logout')
    const third = await loggedIn(site)
    expect(await Promise.all([first, third].map(userOf))).toEqual(['ada', 'ada'])
  })
})

describe('after a refused login, in the same request', () => {
  const after: Record<string, [Route, object]> = {
    'nothing is stored': [() => undefined, { user: 'bob' }],
    'a message is not stored, and the login is not tried again': [
      async (ctx) => {
        ctx.session.flash = 'Too many devices'
        await leave()
      },
      { user: 'bob' },
    ],
    'a logout is done': [(ctx) => ctx.session.destroy(), {}],
    'the end of the session is done': [
      (ctx) => {
        ctx.session = null
      },
      {},
    ],
    'other data are stored': [
      (ctx) => {
        ctx.session.user = 'bob'
        ctx.session.flash = 'Too many devices'
      },
      { user: 'bob', flash: 'Too many devices' },
    ],
  }

  let leave = async () => {}
  test.each(Object.keys(after))('%s', async (what) => {
    const [act, left] = after[what] ?? []
    const login: Route = async (ctx) => {
      await ctx.regenerateSession()
      ctx.session.user = 'ada'
      await ctx.saveSession().catch(() => act?.(ctx))
    }
    site = await serveUsers(
      { users: { ...users, max: 1, whenFull: 'refuse' } },
      { '/as-ada': login },
    )
    const ada = await loggedIn(site)
    leave = async () => void (await ada.get('/set'))
    const bob = site.browser()
    await bob.get('/login?user=bob')
    expect((await bob.get('/as-ada')).status).toBe(200)
    expect((await bob.get('/read')).json()).toEqual(left)
    expect(await userOf(ada)).toBe('ada')
  })

  test('that an update made after a regenerate, the old session is kept', async () => {
    site = await serveUsers(
      { users: { ...users, max: 1, whenFull: 'refuse' } },
      {
        '/by-update': async (ctx) => {
          await ctx.regenerateSession()
          await ctx.updateSession((draft) => {
            draft.user = 'ada'
          })
        },
      },
    )
    await loggedIn(site)
    const user = site.browser()
    await user.get('/set')
    expect((await user.get('/by-update')).status).toBe(409)
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
  })
})

describe('a login with a limit', () => {
  test.each([
    '/leave-here',
    '/login-here?user=bob',
  ])('after %s does not end the session that it replaces', async (path) => {
    await start({ users: { ...users, max: 2 } })
    const [device, user] = [await loggedIn(site), await loggedIn(site)]
    await user.get(path)
    await user.get('/login')
    expect([await userOf(user), await userOf(device)]).toEqual(['ada', 'ada'])
  })

  test.each([
    200, 409,
  ])('that failed half-way keeps its user out for ten seconds at most: %i', async (status) => {
    const clock = new ManualClock()
    const store = new FaultyStore(new MemoryStore({ now: clock.now }))
    const whenFull = status === 409 ? 'refuse' : 'end-oldest'
    await start({ store, now: clock.now, users: { ...users, max: 1, whenFull } })
    const user = site.browser()
    await user.get('/set')
    // The record is listed, and then the store is away: it can be neither used nor taken back.
    const isEnd = ({ method, args }: StoreCall) => method === 'replace' && /^\d/.test(`${args[1]}`)
    const end = store.hold('replace', { where: isEnd })
    const login = user.get('/login')
    await end.arrived
    const outage = store.fail('any', { times: Number.POSITIVE_INFINITY })
    end.fail()
    expect((await login).status).toBe(500)
    outage.cancel()
    clock.advance(10_000)
    expect((await user.get('/login')).status).toBe(status)
    if (status === 200) expect(await userOf(user)).toBe('ada')
  })
})

describe('checkpoint', () => {
  test('a login whose check began before all sessions were ended is refused', async () => {
    await start()
    const ada = site.session.of('ada')
    const early = await ada.checkpoint()
    await ada.endAll()
    const user = site.browser()
    const reply = await user.get(`/login?checkpoint=${early}`)
    expect([reply.status, lastCode(site), user.jar.size]).toEqual([401, 'ERR_SESSION_REVOKED', 0])
    const late = await ada.checkpoint()
    expect((await user.get(`/login?checkpoint=${late}`)).status).toBe(200)
    expect(await userOf(user)).toBe('ada')
  })

  test.each([
    'save',
    'update',
  ])('a login that stores its session by %s first is refused', async (how) => {
    const login: Route = async (ctx) => {
      await ctx.regenerateSession({ checkpoint: String(ctx.query.checkpoint) })
      if (how === 'save') await ctx.saveSession()
      else
        await ctx.updateSession((draft) => {
          draft.x = 1
        })
      ctx.session.user = 'ada'
    }
    site = await serveUsers({}, { '/stored-first': login })
    const early = await site.session.of('ada').checkpoint()
    await site.session.of('ada').endAll()
    const user = site.browser()
    const { status } = await user.get(`/stored-first?checkpoint=${early}`)
    expect([status, lastCode(site)]).toEqual([401, 'ERR_SESSION_REVOKED'])
    expect(await userOf(user)).toBe(undefined)
  })

  test('a login that ends the other sessions itself is not refused for that', async () => {
    site = await serveUsers(
      {},
      {
        '/only-here': async (ctx) => {
          const current = await ctx.regenerateSession({ checkpoint: String(ctx.query.checkpoint) })
          current.user = 'ada'
          return ctx.sessions.endOthers()
        },
      },
    )
    const other = await loggedIn(site)
    const early = await site.session.of('ada').checkpoint()
    const user = site.browser()
    expect((await user.get(`/only-here?checkpoint=${early}`)).json()).toBe(1)
    expect([await userOf(user), await userOf(other)]).toEqual(['ada', undefined])
    expect((await site.browser().get(`/only-here?checkpoint=${early}`)).status).toBe(401)
  })

  test.each(['bob', 'nonsense'])('one of %s is refused', async (name) => {
    await start()
    const checkpoint = name === 'bob' ? await site.session.of('bob').checkpoint() : name
    const reply = await site.browser().get(`/login?checkpoint=${checkpoint}`)
    expect([reply.status, lastCode(site)]).toEqual([401, 'ERR_SESSION_REVOKED'])
  })
})

describe('what the list shows', () => {
  test('describe, at most 1 KB, with long texts shortened', async () => {
    await start()
    const user = site.browser()
    await user.get('/login', { 'user-agent': 'Mozilla' })
    await site.browser().get('/login', { 'user-agent': 'x'.repeat(5000) })
    const list = await listOf(user)
    expect(list.map(({ info }) => info)).toEqual([{ agent: 'x'.repeat(256) }, { agent: 'Mozilla' }])
  })

  test('what describe resolves to, and a login fails with what it rejects with', async () => {
    const describe = async (ctx: Context) => {
      if (ctx.query.user === 'eve') throw new Error('The address is not known')
      return { city: 'Paris' }
    }
    site = await serveUsers({ users: { ...users, describe } })
    const user = await loggedIn(site)
    expect((await listOf(user)).map(({ info }) => info)).toEqual([{ city: 'Paris' }])
    const eve = site.browser()
    expect((await eve.get('/login?user=eve')).status).toBe(500)
    expect([site.errors.map(({ message }) => message), eve.jar.size]).toEqual([
      ['The address is not known'],
      0,
    ])
  })

  test('whether koa-sess/device-bound has bound a session', async () => {
    const bind = async (ctx: Context) => {
      const current = await ctx.session
      current.deviceBinding = { key: 'a key' }
    }
    site = await serveUsers({}, { '/bind': bind })
    const ada = await loggedIn(site)
    expect(await listOf(ada)).toMatchObject([{ bound: false }])
    await ada.get('/bind')
    expect(await listOf(ada)).toMatchObject([{ bound: true }])
  })

  test('too much is an error, and no login', async () => {
    await start({ users: { ...users, describe: () => Array.from({ length: 999 }, () => 1) } })
    const user = site.browser()
    expect((await user.get('/login')).status).toBe(500)
    expect([lastCode(site), user.jar.size]).toEqual(['ERR_SESSION_SIZE', 0])
  })

  test('times in ms, and those of the record where it has them', async () => {
    let time = 1e12
    await start({ now: () => time, ttl: 80_000, renew: 0.5 })
    const user = await loggedIn(site)
    time += 50_000
    await user.get('/read')
    expect(await listOf(user)).toMatchObject([
      { createdAt: 1e12, seenAt: 1e12 + 50_000, expiresAt: 1e12 + 130_000 },
    ])
  })
})

describe('clear errors', () => {
  test('without the option', async () => {
    await start({ users: undefined })
    const user = await loggedIn(site)
    expect((await user.get('/list')).status).toBe(500)
    expect(lastCode(site)).toBe('ERR_SESSION_OPTION')
    expect(() => site.session.of('ada')).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_OPTION' }),
    )
  })

  test('without a user', async () => {
    await start()
    expect((await site.browser().get('/list')).status).toBe(500)
    expect(lastCode(site)).toBe('ERR_SESSION_CONTEXT')
  })

  test.each([
    { users: 1 },
    { users: {} },
    { users: { of: () => 1, maximum: 1 } },
    { users: { of: () => 1, max: 0 } },
    { users: { of: () => 1, whenFull: 'wait' } },
    { users: { of: () => 1, describe: 'agent' } },
  ])('the option %j is refused', (options) => {
    expect(() => session(options as unknown as SiteOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_OPTION' }),
    )
  })

  test('sessions in cookies have no lists', () => {
    const options = { keys: ['k'.repeat(32)], users: { of: () => 1 } }
    expect(() => cookieSession(options)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_OPTION' }),
    )
    expect(() => cookieSession({ keys: options.keys }).of('ada')).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_OPTION' }),
    )
  })

  test('ctx.sessions of the application stays', async () => {
    await start({
      users: undefined,
      before: [
        (ctx, next) => {
          Object.assign(ctx, { sessions: 'mine' })
          return next()
        },
      ],
      after: [
        (ctx: Context) => {
          ctx.body = ctx.sessions
        },
      ],
    })
    expect((await site.browser().get('/read')).text).toBe('mine')
  })
})

test('events hold no id, and of the user a salted hash', async () => {
  await start({ eventSalt: 'salt' })
  const notices: object[] = []
  site.app.on('session:users:ended', ({ ctx, ...notice }) => notices.push(notice))
  const user = await loggedIn(site)
  await loggedIn(site)
  await user.get('/end-others')
  expect(notices).toEqual([
    { event: 'users:ended', key: 'koa.sid', user: expect.stringMatching(/^[\w-]{16}$/), count: 1 },
  ])
  expect(JSON.stringify(notices)).not.toContain('ada')
})
