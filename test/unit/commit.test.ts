import { setImmediate as nextTurn } from 'node:timers/promises'
import Koa, { type Context } from 'koa'
import { describe, expect, test } from 'vitest'
import session, {
  MemoryStore,
  SessionError,
  type SessionEvent,
  type SessionNotice,
  type SessionOptions,
} from '../../src/index.js'
import { FaultyStore, ManualClock, type StoreCall } from '../../src/testing.js'
import { inject } from '../support/inject.js'
import '../support/site.js'

const HOUR = 3_600_000
const PREFIX = 'koa:sess:'
const EVENTS: SessionEvent[] = [
  'create',
  'renew',
  'regenerate',
  'destroy',
  'gone',
  'conflict',
  'unsent',
  'users:refused',
]

type Handler = (ctx: Context) => unknown

/** An app without a network, and everything that its session middleware does. */
function setUp(options: SessionOptions<SessionData> = {}) {
  const clock = new ManualClock()
  const memory = new MemoryStore({ now: clock.now })
  const store = new FaultyStore(memory)
  const app = new Koa()
  const events: string[] = []
  const notices: SessionNotice[] = []
  const errors: Error[] = []
  let ids = 0
  let handler: Handler = () => undefined
  app.on('error', (error) => errors.push(error))
  for (const event of EVENTS)
    app.on(`session:${event}`, (notice: SessionNotice) => {
      events.push(event)
      notices.push(notice)
    })
  app.use(
    session({
      app,
      store,
      now: clock.now,
      ttl: HOUR,
      cookie: { signed: false },
      genSid: () => `session-number-${++ids}`,
      ...options,
    }),
  )
  app.use((ctx) => handler(ctx))
  const handle = app.callback()
  let seen = 0

  /** Serves one request. Returns the names of the store's calls, of the events, and the cookies. */
  async function request(cookie: string, handlerOfRequest: Handler) {
    handler = handlerOfRequest
    const answer = await inject(handle, '/', cookie)
    return { status: answer.status, cookies: answer.cookies.map(idOf), ...report() }
  }

  /** What happened since the last report. */
  function report() {
    const calls = store.calls.slice(seen).map(spell)
    seen = store.calls.length
    return { calls, events: events.splice(0) }
  }

  /** A session that is stored already, and the cookie of its browser. */
  async function begin(data: object = { user: 'ada' }): Promise<string> {
    const { cookies } = await request('', (ctx) => {
      Object.assign(ctx.session, data)
    })
    return `koa.sid=${cookies[0]}`
  }

  const stored = (cookie: string): unknown => {
    const raw = memory.load(PREFIX + cookie.slice('koa.sid='.length))
    return raw?.startsWith('{') ? JSON.parse(raw) : raw && 'tombstone'
  }
  return { clock, memory, store, notices, errors, request, report, begin, stored }
}

/** `load 1`, `replace 1`: the method, and the number of the session. */
function spell({ method, key, args }: StoreCall): string {
  const isEnd = method === 'replace' && /^\d/.test(String(args[1]))
  const isExtended = method === 'load' && args[0] !== undefined
  const name = isEnd ? 'end' : isExtended ? 'load+touch' : method
  return `${name} ${key.slice(PREFIX.length).replace('session-number-', '')}`
}

/** The id that a Set-Cookie line sets; empty: it deletes the cookie. */
function idOf(line: string): string {
  return /^koa\.sid=([^;]*)/.exec(line)?.[1] ?? line
}

const change: Handler = (ctx) => {
  ctx.session.count = (ctx.session.count ?? 0) + 1
}

const QUIET = { status: 404, cookies: [], events: [] }

describe('the commit of a request', () => {
  test('without a session does nothing', async () => {
    const { request } = setUp()
    expect(await request('', (ctx) => void ctx.session)).toEqual({ ...QUIET, calls: [] })
  })

  test('creates a record, then sends its id', async () => {
    const { request, stored, notices } = setUp()
    const answer = await request('', change)
    expect(answer).toEqual({
      status: 404,
      calls: ['create 1'],
      events: ['create'],
      cookies: ['session-number-1'],
    })
    expect(stored('koa.sid=session-number-1')).toMatchObject({ count: 1 })
    expect(notices).toEqual([expect.objectContaining({ session: expect.any(String) })])
  })

  test('does not create a record for an empty session, unless the option or a save asks for it', async () => {
    const empty: Handler = (ctx) => void Object.keys(ctx.session)
    expect((await setUp().request('', empty)).calls).toEqual([])
    expect((await setUp({ allowEmpty: true }).request('', empty)).calls).toEqual(['create 1'])
    const save: Handler = async (ctx) => {
      ctx.body = String(await ctx.saveSession())
    }
    expect((await setUp().request('', save)).calls).toEqual(['create 1'])
  })

  test('of a session that did not change writes nothing', async () => {
    const { request, begin } = setUp()
    const cookie = await begin()
    expect(await request(cookie, (ctx) => void ctx.session.user)).toEqual({
      ...QUIET,
      calls: ['load 1'],
    })
  })

  test('writes a change, and sends the cookie again', async () => {
    const { request, begin, stored, clock, memory } = setUp()
    const cookie = await begin()
    clock.advance(HOUR / 2)
    expect(await request(cookie, change)).toEqual({
      status: 404,
      calls: ['load 1', 'replace 1'],
      events: [],
      cookies: ['session-number-1'],
    })
    expect(stored(cookie)).toMatchObject({ user: 'ada', count: 1 })
    clock.advance(HOUR - 1)
    expect(memory.load(`${PREFIX}session-number-1`)).not.toBe(undefined)
  })

  test('merges with what another request wrote meanwhile', async () => {
    const { request, begin, stored } = setUp()
    const cookie = await begin()
    const answer = await request(cookie, async (ctx) => {
      ctx.session.mine = 1
      await ctx.sessionStore.set('session-number-1', { user: 'ada', theirs: 2 })
    })
    expect(answer.events).toEqual(['conflict'])
    expect(stored(cookie)).toMatchObject({ user: 'ada', mine: 1, theirs: 2 })
  })

  test('reports that the session ended meanwhile, and takes nothing over', async () => {
    const { request, begin, stored } = setUp()
    const cookie = await begin()
    let saved: unknown
    const answer = await request(cookie, async (ctx) => {
      ctx.session.mine = 1
      await ctx.sessionStore.destroy('session-number-1')
      saved = await ctx.saveSession()
    })
    expect(answer).toMatchObject({ cookies: [], events: expect.arrayContaining(['gone']) })
    expect(saved).toBe(false)
    expect(stored(cookie)).toBe('tombstone')
  })

  test('writes nothing under an id that ended, or where it is forbidden', async () => {
    const { request, begin } = setUp()
    const cookie = await begin()
    await request(cookie, (ctx) => {
      ctx.session = null
    })
    expect(await request(cookie, change)).toMatchObject({ calls: ['load 1'], cookies: [] })
    const other = await begin()
    const forbidden = await request(other, (ctx) => {
      ctx.sessionSave = false
      change(ctx)
    })
    expect(forbidden).toMatchObject({ calls: ['load 2'], cookies: [] })
  })

  test('writes in spite of `sessionSave = false` what a save or an update asks for', async () => {
    const { request, begin, stored } = setUp()
    const cookie = await begin()
    const saved = await request(cookie, async (ctx) => {
      ctx.sessionSave = false
      change(ctx)
      await ctx.saveSession()
    })
    expect(saved.calls).toEqual(['load 1', 'replace 1'])
    const updated = await request('', async (ctx) => {
      ctx.sessionSave = false
      await ctx.session.update((draft: SessionData) => {
        draft.count = 7
      })
    })
    expect(updated.calls).toEqual(['create 2'])
    expect(stored('koa.sid=session-number-2')).toMatchObject({ count: 7 })
  })

  test('of an update that leaves a new session empty stores nothing', async () => {
    const { request } = setUp()
    const answer = await request('', (ctx) => ctx.session.update(() => undefined))
    expect(answer.calls).toEqual([])
  })

  test('leaves a record alone that JSON can read and not write, and answers', async () => {
    const { request, memory, clock } = setUp({ rolling: true })
    // Newer versions of Node write it.
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`
    const key = `${PREFIX}session-number-1`
    memory.create(key, `{"user":"ada","deep":${deep}}`, clock.now() + HOUR)
    const answer = await request('koa.sid=session-number-1', (ctx) => void ctx.session?.user)
    expect(answer.status).toBe(404)
    expect(memory.load(key)).toContain(deep)
  })

  test('fails where a value cannot be encoded, and leaves the record alone', async () => {
    const { request, begin, stored, errors } = setUp()
    const cookie = await begin()
    const answer = await request(cookie, (ctx) => {
      ctx.session.self = ctx.session
    })
    expect(answer).toMatchObject({ status: 500, calls: ['load 1'], cookies: [] })
    expect(stored(cookie)).toMatchObject({ user: 'ada' })
    const large: Handler = (ctx) => {
      ctx.session.n = 1n
    }
    expect((await request('', large)).status).toBe(500)
    const code = 'ERR_SESSION_DATA'
    expect(errors).toEqual([expect.objectContaining({ code }), expect.objectContaining({ code })])
  })
})

describe('the extension of a session', () => {
  test('by a save writes the record anew, and reports it', async () => {
    const { request, begin, clock, stored, notices } = setUp()
    const cookie = await begin()
    clock.advance(HOUR / 2)
    let saved: unknown
    const answer = await request(cookie, async (ctx) => {
      saved = await ctx.saveSession()
    })
    expect(answer).toMatchObject({
      calls: ['load 1', 'replace 1'],
      events: ['renew'],
      cookies: ['session-number-1'],
    })
    expect(saved).toBe(true)
    const [created, renewed] = notices
    expect(renewed?.session).toBe(created?.session)
    clock.advance(HOUR - 1)
    expect(stored(cookie)).toMatchObject({ user: 'ada' })
  })

  test('by a rolling read takes one call', async () => {
    const { request, begin } = setUp({ rolling: true })
    const cookie = await begin()
    expect(await request(cookie, () => undefined)).toMatchObject({
      calls: ['load+touch 1'],
      events: ['renew'],
      cookies: ['session-number-1'],
    })
  })

  test('writes the record where another request may have ended the session since the read', async () => {
    const { request, begin } = setUp({ rolling: true })
    const cookie = await begin()
    const answer = await request(cookie, () => nextTurn())
    expect(answer).toMatchObject({ calls: ['load+touch 1', 'replace 1'], events: ['renew'] })
    const ended = await request(cookie, async (ctx) => {
      await nextTurn()
      await ctx.sessionStore.destroy('session-number-1')
      await nextTurn()
    })
    expect(ended.events).toEqual(expect.not.arrayContaining(['renew']))
    expect(ended).toMatchObject({ cookies: [] })
  })

  test('writes the record where the read extended it by another time than the session asks for', async () => {
    const { request, begin } = setUp({ rolling: true })
    const cookie = await begin()
    await request(cookie, (ctx) => {
      ctx.session.cookie.maxAge = 2 * HOUR
    })
    const answer = await request(cookie, () => undefined)
    expect(answer.calls).toEqual(['load+touch 1', 'replace 1'])
  })

  test('writes a record that holds its own deadline', async () => {
    const { request, memory, clock } = setUp({ rolling: true })
    const expire = clock.now() + HOUR
    memory.create(
      `${PREFIX}session-number-1`,
      `{"user":"ada","_expire":${expire},"_maxAge":${HOUR}}`,
      expire,
    )
    const answer = await request('koa.sid=session-number-1', () => undefined)
    expect(answer.calls.at(-1)).toBe('replace 1')
  })

  test('writes a record that does not say yet when its session began', async () => {
    const { request, memory, clock } = setUp({ rolling: true, absoluteTimeout: 10 * HOUR })
    memory.create(`${PREFIX}session-number-1`, '{"user":"ada"}', clock.now() + HOUR)
    const cookie = 'koa.sid=session-number-1'
    expect((await request(cookie, () => undefined)).calls.at(-1)).toBe('replace 1')
    expect((await request(cookie, () => undefined)).calls).toEqual(['load+touch 1'])
  })
})

describe('the end of a session', () => {
  const logout: Handler = (ctx) => {
    ctx.session = null
  }

  test('leaves a tombstone, and clears the cookie', async () => {
    const { request, begin, stored, notices } = setUp()
    const cookie = await begin()
    expect(await request(cookie, logout)).toEqual({
      status: 404,
      calls: ['load 1', 'end 1'],
      events: ['destroy'],
      cookies: [''],
    })
    expect(stored(cookie)).toBe('tombstone')
    const [created, destroyed] = notices
    expect(destroyed?.session).toBe(created?.session)
  })

  test('of a session that is not stored does nothing', async () => {
    const { request } = setUp()
    expect(await request('', logout)).toMatchObject({ calls: [], events: [], cookies: [] })
  })

  test('by a save returns that nothing is stored', async () => {
    const { request, begin } = setUp()
    let saved: unknown
    await request(await begin(), async (ctx) => {
      ctx.session = null
      saved = await ctx.saveSession()
    })
    expect(saved).toBe(false)
  })

  test('that another request has ended is reported, and clears no cookie', async () => {
    const { request, begin, memory } = setUp()
    const cookie = await begin()
    const answer = await request(cookie, async (ctx) => {
      memory.destroy(`${PREFIX}session-number-1`)
      ctx.session = null
    })
    expect(answer).toMatchObject({ events: ['gone'], cookies: [] })
  })

  test('is not prepared by beforeSave', async () => {
    let prepared = 0
    const { request, begin } = setUp({ beforeSave: () => void prepared++ })
    const cookie = await begin()
    expect(prepared).toBe(1)
    await request(cookie, (ctx) => void ctx.session.user)
    await request(cookie, logout)
    expect(prepared).toBe(1)
    await request(await begin(), async (ctx) => void ctx.regenerateSession())
    expect(prepared).toBe(2)
  })

  test.each<[string, unknown]>([
    ['an option that does not exist', { kep: ['user'] }],
    ['one key in place of a list', { keep: 'user' }],
    ['a list of other things', { keep: [1] }],
    ['a list alone', ['user']],
    ['a checkpoint that was not awaited', { checkpoint: Promise.resolve('') }],
    ['a checkpoint without the option users', { checkpoint: 'a checkpoint' }],
    ['null', null],
  ])('is refused with %s, and nothing is lost', async (_, given) => {
    const { request, begin, errors } = setUp()
    const cookie = await begin()
    let seen: unknown
    await request(cookie, async (ctx) => {
      expect(() => Reflect.apply(ctx.regenerateSession, ctx, [given])).toThrow(SessionError)
      expect(() => Reflect.apply(ctx.session.regenerate, ctx.session, [given])).toThrow(
        SessionError,
      )
      seen = { ...ctx.session }
    })
    expect(errors).toEqual([])
    const { calls } = await request(cookie, (ctx) => expect({ ...ctx.session }).toEqual(seen))
    expect(calls).toEqual(['load 1'])
    expect(seen).not.toEqual({})
  })

  test('ends every session whose cookie the browser sent', async () => {
    const { request, begin, stored, notices } = setUp()
    const [one, other] = [await begin(), await begin()]
    const answer = await request(`${one}; ${other}; koa.sid=session-number-9`, logout)
    expect(answer.calls).toEqual(['load 1', 'end 1', 'load 2', 'end 2', 'load 9'])
    expect(answer.events).toEqual(['destroy', 'destroy'])
    expect([stored(one), stored(other)]).toEqual(['tombstone', 'tombstone'])
    const [first, second, ...ended] = notices.map(({ session: name }) => name)
    expect(new Set(ended)).toEqual(new Set([first, second]))
  })

  test('says nothing of the other sessions that had ended', async () => {
    const { request, begin, store, memory } = setUp()
    const [one, other] = [await begin(), await begin()]
    const ended = store.hold('replace', { nth: 2 })
    const answer = request(`${one}; ${other}`, logout)
    await ended.arrived
    memory.destroy(`${PREFIX}session-number-2`)
    ended.release()
    expect((await answer).events).toEqual(['destroy'])
  })

  test('passes the id to the session that it was', async () => {
    const ended: string[] = []
    const { request, begin } = setUp({
      sessionIdStore: {
        get: (ctx) => ctx.get('cookie').slice('koa.sid='.length),
        set: (id, _session, ctx) => void ctx.append('set-cookie', `koa.sid=${id}`),
        reset: () => void ended.push('reset'),
      },
    })
    await request(await begin(), logout)
    expect(ended).toEqual(['reset'])
  })
})

describe('a session that moves to a new id', () => {
  const login: Handler = async (ctx) => {
    await ctx.regenerateSession()
    ctx.session.user = 'eve'
  }

  test('is created, and then the old one ends', async () => {
    const { request, begin, memory, notices } = setUp()
    const cookie = await begin()
    const answer = await request(cookie, login)
    expect(answer).toEqual({
      status: 404,
      calls: ['load 1', 'create 2', 'end 1'],
      events: ['regenerate'],
      cookies: ['session-number-2'],
    })
    // A tombstone of a session that moved begins with 4 or 5.
    expect(memory.load(`${PREFIX}session-number-1`)).toMatch(/^[45]/)
    const [created, moved] = notices
    expect(moved?.before).toBe(created?.session)
    expect(moved?.session).not.toBe(created?.session)
  })

  test('that is left empty ends', async () => {
    const { request, begin } = setUp()
    const answer = await request(await begin(), async (ctx) => void ctx.regenerateSession())
    expect(answer).toMatchObject({ calls: ['load 1', 'end 1'], events: ['destroy'], cookies: [''] })
  })

  test('is taken back where the old one had ended', async () => {
    const { request, begin, store, memory, stored } = setUp()
    const cookie = await begin()
    const creates = store.hold('create')
    const answer = request(cookie, login)
    await creates.arrived
    memory.destroy(`${PREFIX}session-number-1`)
    creates.release()
    expect(await answer).toMatchObject({ events: ['gone'], cookies: [] })
    expect(stored('koa.sid=session-number-2')).toBe(undefined)
  })

  test('is taken back where the old one could not be ended', async () => {
    const { request, begin, store, stored } = setUp()
    const cookie = await begin()
    store.fail('replace')
    expect(await request(cookie, login)).toMatchObject({ status: 500, events: [], cookies: [] })
    expect(stored(cookie)).toMatchObject({ user: 'ada' })
    expect(stored('koa.sid=session-number-2')).toBe(undefined)
  })

  test('is kept where the old one may have ended', async () => {
    const { request, begin, store, stored } = setUp()
    const cookie = await begin()
    store.fail('replace', { at: 'after' })
    store.fail('load', { nth: 2 })
    expect(await request(cookie, login)).toMatchObject({ status: 500, cookies: [] })
    expect(stored(cookie)).toBe('tombstone')
    expect(stored('koa.sid=session-number-2')).toMatchObject({ user: 'eve' })
  })

  test('needs an id in the alphabet of ids', async () => {
    const { request, errors, store } = setUp({ genSid: () => 'short' })
    expect((await request('', change)).status).toBe(500)
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SESSION_ID' })])
    expect(store.calls).toEqual([])
  })

  test('has the id that the handler was given', async () => {
    const { request } = setUp()
    let id: unknown
    const answer = await request('', (ctx) => {
      change(ctx)
      id = ctx.sessionId
    })
    expect(answer.cookies).toEqual([id])
  })
})

describe('a session whose cookie cannot be sent', () => {
  const markSent = ({ res }: Pick<Context, 'res'>) =>
    Object.defineProperty(res, 'headersSent', { value: true })

  test('is not written at all', async () => {
    const { request, errors } = setUp({ cookie: { signed: false, secure: true } })
    expect(await request('', change)).toMatchObject({ status: 500, calls: [] })
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SESSION_INSECURE' })])
  })

  test('is not stored once the headers were sent', async () => {
    const { request, begin, stored } = setUp()
    const cookie = await begin()
    const fresh = await request('', (ctx) => {
      markSent(ctx)
      change(ctx)
    })
    expect(fresh).toMatchObject({ calls: [], events: ['unsent'], cookies: [] })
    const moved = await request(cookie, async (ctx) => {
      markSent(ctx)
      await ctx.regenerateSession()
      change(ctx)
    })
    expect(moved.calls).toEqual(['load 1', 'end 1'])
    expect(moved.events).toEqual(expect.arrayContaining(['unsent', 'destroy']))
    expect(stored(cookie)).toBe('tombstone')
  })

  test('is taken back where the headers were sent while it was stored', async () => {
    for (const isLogin of [false, true]) {
      const { request, begin, store, stored, notices } = setUp()
      const cookie = isLogin ? await begin() : ''
      const creates = store.hold('create')
      let sent = () => {}
      const answer = request(cookie, async (ctx) => {
        sent = () => markSent(ctx)
        if (isLogin) await ctx.regenerateSession()
        change(ctx)
      })
      const { key } = await creates.arrived
      sent()
      creates.release()
      expect((await answer).events).toEqual(isLogin ? ['unsent', 'destroy'] : ['unsent'])
      if (isLogin) expect(notices.at(-1)?.session).toBe(notices[0]?.session)
      expect(stored(`koa.sid=${key.slice(PREFIX.length)}`)).toBe(undefined)
    }
  })
})

describe('a session of a user', () => {
  const users = { of: ({ user }: SessionData) => user, max: 1 }

  test('that is refused leaves no record', async () => {
    const { request, begin, stored } = setUp({ users: { ...users, whenFull: 'refuse' } })
    await begin()
    const refused = await request('', (ctx) => {
      ctx.session.user = 'ada'
    })
    expect(refused.cookies).toEqual([])
    expect(refused.events).toContain('users:refused')
    expect(stored('koa.sid=session-number-2')).toBe(undefined)
    // A session without a user, which becomes one of hers.
    const cookie = await begin({ seen: 1 })
    const written = await request(cookie, (ctx) => {
      ctx.session.user = 'ada'
    })
    expect(written.events).toContain('users:refused')
    expect(stored(cookie)).toMatchObject({ seen: 1 })
    expect(stored(cookie)).not.toHaveProperty('user')
  })

  test('is listed where two requests together made it hers', async () => {
    const { request, begin, store } = setUp({
      users: { of: ({ user, isOn }: SessionData) => (isOn ? user : undefined) },
    })
    const cookie = await begin({ seen: 1 })
    const write = store.hold('replace')
    const first = request(cookie, (ctx) => {
      ctx.session.user = 'eve'
    })
    await write.arrived
    const second = request(cookie, (ctx) => {
      ctx.session.isOn = true
    })
    await nextTurn()
    write.release()
    await Promise.all([first, second])
    let listed: unknown
    await request(cookie, async (ctx) => {
      listed = await ctx.sessions.list()
    })
    expect(listed).toEqual([expect.objectContaining({ current: true })])
  })

  test('is extended in the list by the read that extends it', async () => {
    const { request, begin, clock } = setUp({ users: { of: users.of }, rolling: true })
    const cookie = await begin()
    clock.advance(HOUR - 1000)
    await request(cookie, () => undefined)
    clock.advance(HOUR - 1000)
    let listed: unknown
    await request(cookie, async (ctx) => {
      listed = await ctx.sessions.list()
    })
    expect(listed).toHaveLength(1)
  })
})

describe('beforeSave', () => {
  test('changes what is written, and decides anew', async () => {
    const { request, stored } = setUp({
      beforeSave: (_ctx, current) => {
        current.path = 'seen'
      },
    })
    expect((await request('', change)).calls).toEqual(['create 1'])
    expect(stored('koa.sid=session-number-1')).toMatchObject({ count: 1, path: 'seen' })
  })

  test('fails the request before anything is written', async () => {
    const { request } = setUp({
      beforeSave: async () => {
        throw new Error('not so')
      },
    })
    expect(await request('', change)).toMatchObject({ status: 500, calls: [], cookies: [] })
  })
})

describe('a request that goes on beyond the absolute timeout', () => {
  const KINDS: Record<string, Handler> = {
    'a save': async (ctx) => {
      ctx.session.count = 1
      expect(await ctx.saveSession()).toBe(false)
    },
    'an update': (ctx) =>
      expect(ctx.updateSession(() => undefined)).rejects.toMatchObject({
        code: 'ERR_SESSION_ENDED',
      }),
    'a change': change,
    'a regenerate': (ctx) => void ctx.regenerateSession({ keep: ['user'] }),
    'a read': (ctx) => void ctx.session.user,
  }

  test.each(Object.keys(KINDS))('stores and sends nothing: %s', async (kind) => {
    const { request, begin, clock } = setUp({
      rolling: true,
      ttl: 1000,
      absoluteTimeout: 1500,
    })
    const cookie = await begin()
    clock.advance(900)
    await request(cookie, (ctx) => void ctx.session.user)
    clock.advance(500)
    const answer = await request(cookie, async (ctx) => {
      void ctx.session.user
      await nextTurn()
      clock.advance(200)
      await KINDS[kind]?.(ctx)
    })
    expect([answer.cookies.filter(Boolean), answer.events]).toEqual([[], ['gone']])
    expect((await request(cookie, (ctx) => expect({ ...ctx.session }).toEqual({}))).status).toBe(
      404,
    )
  })
})

describe('a deferred session', () => {
  test('keeps what a second regenerate keeps too, where none was awaited', async () => {
    const { request, stored } = setUp({ defer: true })
    const first = await request('', (ctx) => {
      ctx.session = { cart: ['tea'], user: 'ada' }
    })
    const { cookies } = await request(`koa.sid=${first.cookies[0]}`, (ctx) => {
      ctx.regenerateSession({ keep: ['cart', 'user'] })
      ctx.regenerateSession({ keep: ['cart'] })
    })
    const data = stored(`koa.sid=${cookies[0]}`)
    expect(data).toMatchObject({ cart: ['tea'] })
    expect(data).not.toHaveProperty('user')
  })

  test('keeps what a regenerate keeps whose forerunner found no id', async () => {
    let fails = false
    const { request, stored } = setUp({
      defer: true,
      genSid: () => {
        if (fails) throw new Error('no entropy')
        return `session-number-${Math.random()}`
      },
    })
    const first = await request('', (ctx) => {
      ctx.session = { cart: ['tea'] }
    })
    const { cookies } = await request(`koa.sid=${first.cookies[0]}`, async (ctx) => {
      fails = true
      await expect(ctx.regenerateSession({ keep: ['cart'] })).rejects.toThrow('no entropy')
      fails = false
      await ctx.regenerateSession({ keep: ['cart'] })
    })
    expect(stored(`koa.sid=${cookies[0]}`)).toMatchObject({ cart: ['tea'] })
  })
})
