import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cookieSession } from '../../src/cookie.js'
import session, { SessionError } from '../../src/index.js'
import { migrating } from '../../src/migrate.js'
import type { SessionNotice } from '../../src/util/events.js'
import { Gate } from '../support/gate.js'
import { heldBytes } from '../support/heap.js'
import { KEYS } from '../support/site.js'
import { kindOf, Process, testStore, Visitor } from './world.js'

const RECHECK = 5000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Two processes on one store, and a visitor that has logged in. */
async function start(options = {}) {
  const store = testStore()
  const shared = { store, recheck: RECHECK, ...options }
  const [here, there] = [new Process(shared), new Process(shared)]
  const visitor = new Visitor()
  await here.login(visitor)
  store.take()
  return { store, here, there, visitor }
}

const passPeriod = () => vi.advanceTimersByTimeAsync(RECHECK)

describe('open', () => {
  test('returns the session of the cookie, with one read, and writes nothing', async () => {
    const { here, store, visitor } = await start({ rolling: true })
    const live = await here.connect(visitor)
    expect({ ...live.session }).toEqual({ user: 'ada' })
    expect(Object.isFrozen(live.session)).toBe(true)
    expect(live.signal.aborted).toBe(false)
    expect(store.take()).toEqual(['load'])
  })

  test('returns undefined without a cookie, with a forged one, and after a logout', async () => {
    const { here, store, visitor } = await start()
    expect(await here.open(new Visitor())).toBe(undefined)
    const forger = new Visitor()
    forger.take([...visitor.jar].map(([name, value]) => `${name}=${value}x`))
    expect(await here.open(forger)).toBe(undefined)
    expect(store.take()).toEqual([])
    const cookies = [...visitor.jar].map(([name, value]) => `${name}=${value}`)
    await here.logout(visitor)
    visitor.take(cookies)
    expect(await here.open(visitor)).toBe(undefined)
  })

  test('throws when the store fails', async () => {
    const { here, store, visitor } = await start()
    store.isAway = true
    await expect(here.open(visitor)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
  })

  test('takes the headers of a stream', async () => {
    const { here, visitor } = await start()
    const live = await here.sessions.open({ headers: { cookie: visitor.cookie } })
    expect(live?.session.user).toBe('ada')
  })

  test('asks the hook valid, with a context of the request', async () => {
    const valid = vi.fn((ctx, { user }) => ctx.get('host') === 'localhost' && user !== 'ada')
    const { here, visitor } = await start({ valid })
    expect(await here.open(visitor)).toBe(undefined)
    await here.login(visitor, 'bob')
    expect((await here.connect(visitor)).session.user).toBe('bob')
  })

  test('finds a session that is stored under its hash, and encrypted', async () => {
    const { here, visitor } = await start({
      hashIds: true,
      encryption: { keys: ['k'.repeat(32)] },
    })
    const live = await here.connect(visitor)
    await here.logout(visitor)
    expect([live.session.user, kindOf(live)]).toEqual(['ada', 'ended'])
  })

  test('takes the id from the request with sessionIdStore, and only then', async () => {
    let id: string | undefined
    const sessionIdStore = {
      get: () => id,
      set: (sid: string) => {
        id = sid
      },
      reset: () => {
        id = undefined
      },
    }
    const { here, visitor } = await start({ sessionIdStore })
    const live = await here.connect(visitor, { id: () => id })
    expect(live.session.user).toBe('ada')
    await expect(here.open(visitor)).rejects.toMatchObject({ code: 'ERR_SESSION_OPTION' })
    const other = await start()
    await expect(other.here.open(other.visitor, { id: () => id })).rejects.toMatchObject({
      code: 'ERR_SESSION_OPTION',
    })
    live.close()
  })

  test('needs the option app before the first request, and only with a cookie', async () => {
    const { store, visitor } = await start()
    const sessions = session({ store })
    expect(await sessions.open({ headers: {} })).toBe(undefined)
    await expect(sessions.open(visitor.request())).rejects.toMatchObject({
      code: 'ERR_SESSION_CONTEXT',
    })
  })

  test('uses the application of the first request, and warns once', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const { store, visitor } = await start()
    const process_ = new Process({ store, app: undefined })
    await process_.visit(visitor, () => undefined)
    expect((await process_.connect(visitor)).session.user).toBe('ada')
    expect((await process_.connect(visitor)).session.user).toBe('ada')
    const warnings = warn.mock.calls.filter(([, options]) =>
      JSON.stringify(options).includes('KOA_SESS_OPEN_APP'),
    )
    warn.mockRestore()
    expect(warnings).toHaveLength(1)
  })

  test('is refused without a store', async () => {
    const sessions = cookieSession({ keys: ['k'.repeat(32)] })
    await expect(sessions.open(new Visitor().request())).rejects.toMatchObject({
      code: 'ERR_SESSION_OPTION',
    })
    expect(() => Reflect.apply(cookieSession, undefined, [{ keys: KEYS, recheck: 1 }])).toThrow(
      SessionError,
    )
  })

  test('refuses a session that is bound to a device, whose proof it does not see', async () => {
    const { here, visitor } = await start()
    await here.visit(visitor, (ctx) => {
      ctx.session.deviceBinding = { id: 'a' }
    })
    await expect(here.open(visitor)).rejects.toMatchObject({
      code: 'ERR_SESSION_DEVICE',
      status: 401,
    })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a session that ends while it is read is not opened', async () => {
    const { here, store, visitor } = await start()
    const gate = new Gate()
    const { load } = store
    // The value is read before the logout, and arrives after it.
    store.load = async (key, touch) => {
      const value = await load(key, touch)
      await gate.pass()
      return value
    }
    const opening = here.open(visitor)
    await gate.arrived
    store.load = load
    await here.logout(visitor)
    gate.open()
    expect(await opening).toBe(undefined)
  })
})

describe('an end in this process', () => {
  const ENDS: [string, string, (here: Process, visitor: Visitor) => unknown][] = [
    ['a logout', 'ended', (here, visitor) => here.logout(visitor)],
    ['a regenerate', 'moved', (here, visitor) => here.regenerate(visitor)],
    ['a login', 'moved', (here, visitor) => here.login(visitor, 'bob')],
    ['sessions.of().endAll()', 'ended', (here) => here.sessions.of('ada').endAll()],
    [
      'sessionStore.destroy()',
      'ended',
      (here, visitor) =>
        here.visit(new Visitor(), (ctx) =>
          ctx.sessionStore.destroy(visitor.jar.get('koa.sid') ?? ''),
        ),
    ],
  ]
  test.each(ENDS)('%s aborts with %s at once, and without a read', async (_, kind, end) => {
    const { here, visitor } = await start({ users: { of: (current: SessionData) => current.user } })
    const lives = [await here.connect(visitor), await here.connect(visitor)]
    await end(here, visitor)
    expect(lives.map(kindOf)).toEqual([kind, kind])
    expect(lives[0]?.signal.reason).toMatchObject({ code: 'ERR_SESSION_ENDED', status: 409 })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('that comes after one elsewhere makes a check at once, which aborts', async () => {
    const { here, there, visitor } = await start()
    const live = await here.connect(visitor)
    const other = new Visitor()
    other.take([...visitor.jar].map(([name, value]) => `${name}=${value}`))
    await here.visit(visitor, async (ctx) => {
      await there.regenerate(other)
      ctx.session = null
    })
    await vi.advanceTimersByTimeAsync(0)
    expect(kindOf(live)).toBe('moved')
  })

  test('by the list of a user, of a session from before hashIds', async () => {
    const store = testStore()
    const options = { store, recheck: RECHECK, users: { of: ({ user }: SessionData) => user } }
    const visitor = new Visitor()
    await new Process(options).login(visitor)
    const plainUntil = new Date(Date.now() + 1e9)
    const here = new Process({ ...options, hashIds: { plainUntil } })
    const live = await here.connect(visitor)
    expect(await here.sessions.of('ada').endAll()).toBe(1)
    expect(kindOf(live)).toBe('ended')
  })

  test('aborts without a tombstone too', async () => {
    const { here, visitor } = await start({ tombstone: 0 })
    const live = await here.connect(visitor)
    await here.logout(visitor)
    expect(kindOf(live)).toBe('ended')
  })
})

describe('an end in another process', () => {
  test.each<[string, (there: Process, visitor: Visitor) => unknown]>([
    ['ended', (there, visitor) => there.logout(visitor)],
    ['moved', (there, visitor) => there.regenerate(visitor)],
    ['expired', () => vi.setSystemTime(Date.now() + 86_400_001)],
  ])('aborts with %s within recheck', async (kind, end) => {
    const { here, there, visitor } = await start()
    const live = await here.connect(visitor)
    await end(there, visitor)
    expect(kindOf(live)).toBe(undefined)
    await passPeriod()
    expect(kindOf(live)).toBe(kind)
  })

  test('without a mark that is still there, it is ended', async () => {
    const { here, there, visitor } = await start({ tombstone: 0 })
    const live = await here.connect(visitor)
    await there.regenerate(visitor)
    await passPeriod()
    expect(kindOf(live)).toBe('ended')
  })

  test('an absolute timeout expires a session that is used all the time', async () => {
    const { here, visitor } = await start({ absoluteTimeout: 3 * RECHECK })
    const live = await here.connect(visitor, { extend: true })
    await vi.advanceTimersByTimeAsync(2.5 * RECHECK)
    expect(kindOf(live)).toBe(undefined)
    await vi.advanceTimersByTimeAsync(1.5 * RECHECK)
    expect(kindOf(live)).toBe('expired')
  })

  test('hashed and encrypted, and while ids move to their hashes', async () => {
    const { here, there, visitor } = await start({
      hashIds: { plainUntil: new Date(Date.now() + 1e9) },
      encryption: { keys: ['k'.repeat(32)] },
    })
    const live = await here.connect(visitor)
    await there.visit(visitor, (ctx) =>
      ctx.updateSession((draft) => {
        draft.x = 1
      }),
    )
    await passPeriod()
    expect(kindOf(live)).toBe(undefined)
    await there.logout(visitor)
    await passPeriod()
    expect(kindOf(live)).toBe('ended')
  })
})

describe('other stores', () => {
  test('of get, set and destroy: an end elsewhere is seen, and its kind is not known', async () => {
    const records = new Map<string, string>()
    const store = {
      get: async (key: string) => JSON.parse(records.get(key) ?? 'null'),
      set: async (key: string, value: unknown) => void records.set(key, JSON.stringify(value)),
      destroy: async (key: string) => void records.delete(key),
    }
    const { here, there, visitor } = await start({ store })
    const live = await here.connect(visitor)
    await live.update((draft) => {
      draft.x = 1
    })
    await passPeriod()
    expect([live.session.x, kindOf(live)]).toEqual([1, undefined])
    await there.regenerate(visitor)
    await passPeriod()
    expect(kindOf(live)).toBe('ended')
  })

  test('migrating: a session that moves to the other store goes on, and ends there', async () => {
    const [from, to] = [testStore(), testStore()]
    const before = new Process({ store: from })
    const visitor = new Visitor()
    await before.login(visitor)
    const options = { store: migrating({ from, to }), recheck: RECHECK }
    const [here, there] = [new Process(options), new Process(options)]
    const live = await here.connect(visitor)
    await there.visit(visitor, (ctx) => {
      ctx.session.x = 1
    })
    await passPeriod()
    expect(kindOf(live)).toBe(undefined)
    expect((await live.reload()).x).toBe(1)
    await there.regenerate(visitor)
    await passPeriod()
    expect(kindOf(live)).toBe('moved')
  })
})

describe('checks', () => {
  test('read each session once in a period, however many connections it has', async () => {
    const { here, store, visitor } = await start()
    const lives = [await here.connect(visitor), await here.connect(visitor)]
    const other = new Visitor()
    await here.login(other, 'bob')
    await here.connect(other)
    store.take()
    await passPeriod()
    expect(store.take()).toEqual(['load', 'load'])
    for (const live of lives) live.close()
    await passPeriod()
    expect(store.take()).toEqual(['load'])
  })

  test('do not extend the session, and neither does open, even with rolling', async () => {
    const { here, visitor } = await start({ ttl: 3 * RECHECK, rolling: true })
    await vi.advanceTimersByTimeAsync(2 * RECHECK)
    const live = await here.connect(visitor)
    await vi.advanceTimersByTimeAsync(2 * RECHECK)
    expect(kindOf(live)).toBe('expired')
  })

  test.each<[string, object]>([
    ['plain', {}],
    ['with renew', { renew: 0.5 }],
    ['hashed and encrypted', { hashIds: true, encryption: { keys: ['k'.repeat(32)] } }],
  ])('with extend they do, in one command each: %s', async (_, options) => {
    const { here, store, visitor } = await start({ ttl: 3 * RECHECK, ...options })
    const live = await here.connect(visitor, { extend: true })
    store.take()
    await vi.advanceTimersByTimeAsync(10 * RECHECK)
    expect(kindOf(live)).toBe(undefined)
    expect(store.take()).toEqual(Array(10).fill('replace'))
    live.close()
    await vi.advanceTimersByTimeAsync(4 * RECHECK)
    expect(await here.open(visitor)).toBe(undefined)
  })

  test('with extend, open extends a session that would end before its first check', async () => {
    const { here, visitor } = await start({ ttl: 3 * RECHECK })
    await vi.advanceTimersByTimeAsync(3 * RECHECK - 10)
    const live = await here.connect(visitor, { extend: true })
    await passPeriod()
    expect(kindOf(live)).toBe(undefined)
  })

  test('with extend they keep the session in the list of its user', async () => {
    const { here, visitor } = await start({
      ttl: 3 * RECHECK,
      users: { of: (current: SessionData) => current.user },
    })
    const live = await here.connect(visitor, { extend: true })
    await vi.advanceTimersByTimeAsync(20 * RECHECK)
    expect(await here.sessions.of('ada').endAll()).toBe(1)
    expect(kindOf(live)).toBe('ended')
  })

  test('with extend they see an end elsewhere', async () => {
    const { here, there, visitor } = await start()
    const live = await here.connect(visitor, { extend: true })
    await there.regenerate(visitor)
    await passPeriod()
    expect(kindOf(live)).toBe('moved')
  })

  test('with extend they go on where beforeSave throws', async () => {
    let refuses = false
    const { here, there, visitor } = await start({
      beforeSave: () => {
        if (refuses) throw new Error('refused')
      },
    })
    refuses = true
    const live = await here.connect(visitor, { extend: true })
    await passPeriod()
    expect(kindOf(live)).toBe(undefined)
    await there.logout(visitor)
    await passPeriod()
    expect(kindOf(live)).toBe('ended')
  })

  test('with extend they revive no session that is past an end of its own', async () => {
    const { here, store } = await start({ cookie: { signed: false } })
    const id = 'a session of koa-session'.replaceAll(' ', '-')
    const record = { user: 'ada', _expire: Date.now() + 1.5 * RECHECK, _maxAge: 1.5 * RECHECK }
    await store.create(`koa:sess:${id}`, JSON.stringify(record), Date.now() + 1e9)
    const visitor = new Visitor()
    visitor.jar.set('koa.sid', id)
    const { replace } = store
    store.replace = () => {
      throw new Error('away')
    }
    const live = await here.connect(visitor, { extend: true })
    vi.setSystemTime(Date.now() + 2 * RECHECK)
    store.replace = replace
    await passPeriod()
    expect(kindOf(live)).toBe('expired')
  })

  test('the reads of one turn begin in that turn', async () => {
    const { here, store } = await start()
    for (let at = 0; at < 200; at++) {
      const visitor = new Visitor()
      await here.login(visitor)
      await here.connect(visitor)
    }
    const { load } = store
    let [turns, isOpen] = [0, false]
    store.load = (key) => {
      if (!isOpen) {
        turns++
        isOpen = true
        queueMicrotask(() => {
          isOpen = false
        })
      }
      return load(key)
    }
    store.take()
    await passPeriod()
    expect(store.take()).toHaveLength(200)
    expect(turns).toBeLessThanOrEqual(101)
  })
})

describe('a store that is away', () => {
  const notices: SessionNotice[] = []
  const note = (notice: unknown) => notices.push(notice as SessionNotice)
  beforeEach(() => {
    notices.length = 0
    subscribe('koa-sess:recheck:failed', note)
  })
  afterEach(() => {
    unsubscribe('koa-sess:recheck:failed', note)
  })

  test('aborts nothing, is reported once a period, and checks go on when it is back', async () => {
    const { here, there, store, visitor } = await start()
    const live = await here.connect(visitor)
    const others = await Promise.all(
      Array.from({ length: 9 }, async () => {
        const other = new Visitor()
        await here.login(other)
        return here.connect(other)
      }),
    )
    store.isAway = true
    await vi.advanceTimersByTimeAsync(3 * RECHECK)
    expect([live, ...others].filter(({ signal }) => signal.aborted)).toEqual([])
    expect(notices.length).toBeGreaterThanOrEqual(3)
    expect(notices.length).toBeLessThanOrEqual(4)
    expect(notices[0]).toEqual({ event: 'recheck:failed', key: 'koa.sid', count: 1 })
    expect(notices[1]?.count).toBe(10)
    store.isAway = false
    await there.logout(visitor)
    await passPeriod()
    expect(kindOf(live)).toBe('ended')
  })

  test('that never answers is reported as well, and asked again', async () => {
    const { here, there, store, visitor } = await start()
    const live = await here.connect(visitor)
    const { load } = store
    store.load = () => new Promise<never>(() => undefined)
    await vi.advanceTimersByTimeAsync(2 * RECHECK)
    expect(notices).toHaveLength(1)
    store.load = load
    await there.logout(visitor)
    await passPeriod()
    expect(kindOf(live)).toBe('ended')
  })
})

describe('a live session', () => {
  test('reload reads it again, and update changes it atomically', async () => {
    const { here, there, store, visitor } = await start()
    const live = await here.connect(visitor)
    await there.visit(visitor, (ctx) => {
      ctx.session.x = 1
    })
    expect(live.session.x).toBe(undefined)
    expect((await live.reload()).x).toBe(1)
    await there.visit(visitor, (ctx) => {
      ctx.session.y = 1
    })
    store.take()
    const result = await live.update((draft) => {
      draft.x++
      return draft.y
    })
    expect([result, live.session.x, live.session.y]).toEqual([1, 2, 1])
    store.take()
    await live.update((draft) => {
      draft.x++
    })
    expect(store.take()).toEqual(['replace'])
  })

  test('updates of many connections lose no count', async () => {
    const { here, there, visitor } = await start()
    const lives = [await here.connect(visitor), await there.connect(visitor)]
    await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        lives[at % 2]?.update((draft) => {
          draft.count = (draft.count ?? 0) + 1
        }),
      ),
    )
    expect((await lives[0]?.reload())?.count).toBe(50)
  })

  test.each([
    'reload',
    'update',
  ] as const)('%s of an ended session aborts and throws', async (name) => {
    const { here, there, visitor } = await start()
    const live = await here.connect(visitor)
    await there.regenerate(visitor)
    const call = () => (name === 'reload' ? live.reload() : live.update(() => undefined))
    await expect(call()).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(kindOf(live)).toBe('moved')
    await expect(call()).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED', kind: 'moved' })
  })

  test('a change that throws changes nothing', async () => {
    const { here, store, visitor } = await start()
    const live = await here.connect(visitor)
    store.take()
    const change = () => {
      throw new Error('no')
    }
    await expect(live.update(change)).rejects.toThrow('no')
    expect([store.take(), kindOf(live), live.session.user]).toEqual([[], undefined, 'ada'])
  })

  test('a store that fails throws at reload and update, and aborts nothing', async () => {
    const { here, store, visitor } = await start()
    const live = await here.connect(visitor)
    store.isAway = true
    await expect(live.reload()).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
    await expect(live.update(() => 1)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
    expect(kindOf(live)).toBe(undefined)
  })

  test('once it is closed its signal stays, and nothing is checked', async () => {
    const { here, store, visitor } = await start()
    const live = await here.connect(visitor)
    live.close()
    live.close()
    await here.logout(visitor)
    store.take()
    await passPeriod()
    expect([kindOf(live), store.take(), vi.getTimerCount()]).toEqual([undefined, [], 0])
  })

  test('a listener that closes and opens connections disturbs no other', async () => {
    const { here, visitor } = await start()
    const lives = [await here.connect(visitor), await here.connect(visitor)]
    const opened: unknown[] = []
    for (const live of lives)
      live.signal.addEventListener('abort', () => {
        for (const each of lives) each.close()
        opened.push(here.open(visitor))
      })
    await here.logout(visitor)
    expect(lives.map(kindOf)).toEqual(['ended', 'ended'])
    expect(await Promise.all(opened)).toEqual([undefined, undefined])
  })
})

describe('ctx.sessionSignal', () => {
  test('is the signal of the session, until the answer closes', async () => {
    const { here, store, visitor } = await start()
    const signals: (AbortSignal | undefined)[] = []
    let close = () => {}
    await here.visit(visitor, (ctx) => {
      signals.push(ctx.sessionSignal, ctx.sessionSignal)
      // The context of this test has no socket of its own.
      close = () => ctx.req.socket.emit('close')
    })
    expect(signals[0]).toBe(signals[1])
    const [signal] = signals
    store.take()
    await passPeriod()
    expect(store.take()).toEqual(['load'])
    close()
    await here.logout(visitor)
    expect([signal?.aborted, vi.getTimerCount()]).toEqual([false, 0])
  })

  test('aborts at once when the session ends here', async () => {
    const { here, visitor } = await start()
    let signal: AbortSignal | undefined
    await here.visit(visitor, (ctx) => {
      signal = ctx.sessionSignal
    })
    await here.regenerate(visitor)
    expect(signal?.reason.kind).toBe('moved')
  })

  test('of a session that ended since it was read aborts after one read', async () => {
    const { here, visitor } = await start()
    const other = new Visitor()
    other.take([...visitor.jar].map(([name, value]) => `${name}=${value}`))
    let signal: AbortSignal | undefined
    await here.visit(visitor, async (ctx) => {
      await here.logout(other)
      signal = ctx.sessionSignal
      await vi.advanceTimersByTimeAsync(0)
      expect(signal?.reason.kind).toBe('ended')
    })
    expect(signal?.aborted).toBe(true)
  })

  test('is undefined until a session is stored', async () => {
    const { here } = await start()
    await here.visit(new Visitor(), async (ctx) => {
      expect(ctx.sessionSignal).toBe(undefined)
      ctx.session.user = 'bob'
      expect(ctx.sessionSignal).toBe(undefined)
      await ctx.saveSession()
      expect(ctx.sessionSignal?.aborted).toBe(false)
      await ctx.regenerateSession({ keep: ['user'] })
      expect(ctx.sessionSignal).toBe(undefined)
    })
  })

  test('with defer it needs a session that was read', async () => {
    const { here, visitor } = await start({ defer: true })
    await here.visit(visitor, async (ctx) => {
      expect(() => ctx.sessionSignal).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_CONTEXT' }),
      )
      await ctx.session
      expect(ctx.sessionSignal?.aborted).toBe(false)
    })
  })

  test('ends what takes a signal', async () => {
    const { here, visitor } = await start()
    const stream = new PassThrough()
    await here.visit(visitor, (ctx) => {
      const signal = ctx.sessionSignal
      signal?.addEventListener('abort', () => stream.end(`event: ${signal.reason.kind}\n\n`))
    })
    await here.logout(visitor)
    expect(stream.read()?.toString()).toBe('event: ended\n\n')
  })
})

describe('ctx.session.reload', () => {
  test('reads what others wrote, and keeps what the handler changed', async () => {
    const { here, there, visitor } = await start()
    await here.visit(visitor, async (ctx) => {
      ctx.session.mine = 1
      await there.visit(visitor, (other) => {
        other.session.theirs = 2
        other.session.user = 'bob'
      })
      await ctx.session.reload()
      expect({ ...ctx.session }).toEqual({ user: 'bob', mine: 1, theirs: 2 })
    })
    expect({ ...(await here.connect(visitor)).session }).toEqual({
      user: 'bob',
      mine: 1,
      theirs: 2,
    })
  })

  test('throws when the session has ended, and nothing is written', async () => {
    const { here, there, visitor } = await start()
    const other = new Visitor()
    other.take([...visitor.jar].map(([name, value]) => `${name}=${value}`))
    await here.visit(visitor, async (ctx) => {
      ctx.session.mine = 1
      await there.logout(other)
      await expect(ctx.session.reload()).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' })
      await expect(ctx.session.reload()).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' })
    })
    expect(await here.open(visitor)).toBe(undefined)
  })

  test('throws when the store fails, and takes a callback', async () => {
    const { here, store, visitor } = await start()
    await here.visit(visitor, async (ctx) => {
      store.isAway = true
      await expect(ctx.session.reload()).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
      store.isAway = false
      await new Promise((resolve) => ctx.session.reload(resolve))
      expect(ctx.session.user).toBe('ada')
    })
  })

  test('leaves a session that is not stored as it is', async () => {
    const { here } = await start()
    await here.visit(new Visitor(), async (ctx) => {
      ctx.session.x = 1
      await ctx.session.reload()
      expect(ctx.session.x).toBe(1)
    })
  })

  test('leaves a session that is kept in its cookie as it is', async () => {
    const sessions = cookieSession({ keys: ['k'.repeat(32)] })
    const process_ = new Process({})
    Object.assign(process_, { sessions })
    const visitor = new Visitor()
    await process_.visit(visitor, (ctx) => {
      ctx.session.x = 1
    })
    await process_.visit(visitor, async (ctx) => {
      ctx.session.y = 1
      await ctx.session.reload()
      expect({ ...ctx.session }).toEqual({ x: 1, y: 1 })
      expect(() => ctx.sessionSignal).toThrow(SessionError)
    })
  })
})

describe('the list of a user', () => {
  test('says how many connections each session has in this process', async () => {
    const { here, there, visitor } = await start({
      users: { of: (current: SessionData) => current.user },
      hashIds: true,
    })
    const [first] = [await here.connect(visitor), await here.connect(visitor)]
    const other = new Visitor()
    await here.login(other)
    const counts = async (process_: Process) =>
      (await process_.sessions.of('ada').list()).map(({ connections }) => connections)
    expect(await counts(here)).toEqual([0, 2])
    expect(await counts(there)).toEqual([0, 0])
    first?.close()
    expect(await counts(here)).toEqual([0, 1])
  })
})

describe('close', () => {
  test('ends all checks, aborts nothing, and opens nothing more', async () => {
    const { here, store, visitor } = await start()
    const live = await here.connect(visitor)
    here.sessions.close()
    store.take()
    await passPeriod()
    expect([store.take(), vi.getTimerCount(), kindOf(live)]).toEqual([[], 0, undefined])
    await expect(here.open(visitor)).rejects.toMatchObject({ code: 'ERR_SESSION_UNAVAILABLE' })
    live.close()
  })

  test.each([
    'load',
    'replace',
  ] as const)('during the %s of an open: it opens nothing, and leaves no check', async (method) => {
    const { here, store, visitor } = await start()
    const gate = new Gate()
    const original = store[method]
    Object.assign(store, {
      [method]: async (...args: Parameters<typeof original>) => {
        await gate.pass()
        return Reflect.apply(original, store, args)
      },
    })
    const opening = here.open(visitor, { extend: true })
    await gate.arrived
    here.sessions.close()
    gate.open()
    await expect(opening).rejects.toMatchObject({ code: 'ERR_SESSION_UNAVAILABLE' })
    expect(vi.getTimerCount()).toBe(0)
  })
})

test.each([0, 999, 1e12, Number.NaN, '1s'])('recheck %s is refused at construction', (recheck) => {
  expect(() => Reflect.apply(session, undefined, [{ recheck }])).toThrow(
    expect.objectContaining({ code: 'ERR_SESSION_DURATION' }),
  )
})

test('app must be an application', () => {
  expect(() => Reflect.apply(session, undefined, [{ app: {} }])).toThrow(
    expect.objectContaining({ code: 'ERR_SESSION_OPTION' }),
  )
})

test('a connection keeps neither its request nor its Cookie header in memory', async () => {
  const { here } = await start()
  const lives: unknown[] = []
  const [count, size] = [100, 20_000]
  const open = async (at: number) => {
    const visitor = new Visitor()
    await here.login(visitor)
    visitor.jar.set('large', Buffer.alloc(size, `${at}`).toString())
    lives.push(await here.connect(visitor))
  }
  await open(0)
  const before = heldBytes()
  for (let at = 1; at <= count; at++) await open(at)
  expect(heldBytes() - before).toBeLessThan((count * size) / 2)
  expect(lives).toHaveLength(count + 1)
})

test('timers keep no process alive', async () => {
  vi.useRealTimers()
  const { here, visitor } = await start()
  const timers = vi.spyOn(globalThis, 'setTimeout')
  const live = await here.connect(visitor)
  expect(timers).toHaveBeenCalledOnce()
  expect(timers.mock.results[0]?.value.hasRef()).toBe(false)
  timers.mockRestore()
  live.close()
})
