import { afterEach, describe, expect, test } from 'vitest'
import session, { MemoryStore } from '../../src/index.js'
import { counted, SOME } from '../support/backends.js'
import { BASICS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const HOUR = 3_600_000
const START = 1_800_000_000_000
const ROUTES: Routes = {
  ...BASICS,
  '/untouched': () => 'nothing of the session',
  '/wait': () => new Promise((resolve) => setTimeout(resolve, 1)),
  '/touch-own': (ctx) => {
    ctx.session.cookie.maxAge = 2 * HOUR
    ctx.session.touch()
  },
  '/login': async (ctx) => {
    await ctx.regenerateSession({ keep: ['x'] })
    await ctx.saveSession()
  },
  '/update': (ctx) =>
    ctx.updateSession((draft) => {
      draft.x = (draft.x ?? 0) + 1
    }),
}

let time: number
let site: Site
afterEach(() => site.close())

async function start(options: SiteOptions = {}) {
  time = START
  const now = () => time
  const memory = new MemoryStore({ now })
  const { store, calls } = counted(memory)
  site = await serve(ROUTES, { store, now, ttl: HOUR, ...options })
  const user = site.browser()
  const at = async (ms: number, path: string) => {
    time = START + ms
    calls.length = 0
    const reply = await user.get(path)
    return [calls.join(' '), reply.cookies.length]
  }
  return { user, memory, at, calls }
}

describe.each<[string, SiteOptions]>([
  ['half of it', { renew: 0.5 }],
  ['half an hour', { renew: HOUR / 2 }],
  ['with rolling', { renew: 0.5, rolling: true }],
  ['deferred', { renew: 0.5, rolling: true, defer: true }],
])('renew: %s', (_, options) => {
  test('a read writes nothing while enough is left, and extends both ends when it is not', async () => {
    const { at, user } = await start({ cookie: { maxAge: HOUR }, ...options })
    await at(0, '/set')
    expect(await at(HOUR / 2, '/read')).toEqual(['load', 0])
    expect(await at(HOUR / 2 + 1, '/read')).toEqual(['load replace', 2])
    const extended = HOUR / 2 + 1
    expect(await at(extended + HOUR / 2, '/read')).toEqual(['load', 0])
    const end = extended + HOUR - 1
    // Deferred, nothing is read for a handler that does not ask.
    expect(await at(end, '/untouched')).toEqual(options.defer ? ['', 0] : ['load replace', 2])
    expect(await at(end, '/read')).toEqual(options.defer ? ['load replace', 2] : ['load', 0])
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
    expect(await at(extended + 2 * HOUR - 1, '/read')).toEqual(['load', 0])
    expect((await user.get('/read')).json()).toEqual({})
  })

  test('a write extends it as well', async () => {
    const { at } = await start(options)
    await at(0, '/set')
    await at(HOUR / 4, '/set')
    expect(await at((HOUR * 3) / 4, '/read')).toEqual(['load', 0])
    await at((HOUR * 3) / 4, '/update')
    expect(await at((HOUR * 5) / 4, '/read')).toEqual(['load', 0])
    expect(await at((HOUR * 5) / 4 + 1, '/read')).toEqual(['load replace', 2])
  })
})

test('a cookie that ends before the record is what counts', async () => {
  const { at } = await start({ ttl: 10 * HOUR, cookie: { maxAge: HOUR }, renew: 0.5 })
  await at(0, '/set')
  expect(await at(HOUR / 2 + 1, '/read')).toEqual(['load replace', 2])
})

test('near the absolute limit there is nothing to win, and nothing is written', async () => {
  const { at } = await start({ renew: 0.5, absoluteTimeout: HOUR + 1000 })
  await at(0, '/set')
  expect(await at(HOUR - 500, '/read')).toEqual(['load replace', 2])
  expect(await at(HOUR, '/read')).toEqual(['load', 0])
  expect(await at(HOUR + 1000, '/read')).toEqual(['load', 0])
})

test('a login that saves at once is written once', async () => {
  const { at } = await start({ renew: 0.5 })
  await at(0, '/set')
  expect(await at(1000, '/login')).toEqual(['load create replace', 2])
})

test('at the absolute limit a session cannot get any further, and is not written for that', async () => {
  const { at } = await start({ renew: HOUR / 2, absoluteTimeout: HOUR })
  await at(0, '/set')
  expect(await at(HOUR - 1000, '/read')).toEqual(['load', 0])
})

describe('without renew', () => {
  test('a rolling read is one call while the handler waits for nothing, two where it waits', async () => {
    const { at, user, calls } = await start({ rolling: true })
    await at(0, '/set')
    expect(await at(1000, '/read')).toEqual(['load', 2])
    expect(await at(2000, '/untouched')).toEqual(['load', 2])
    expect(await at(3000, '/wait')).toEqual(['load replace', 2])
    calls.length = 0
    await user.get('/touch-own')
    expect(calls).toEqual(['load', 'replace'])
  })

  test('an unsigned cookie is not due to be signed anew', async () => {
    const { at } = await start({ cookie: { signed: false } })
    await at(0, '/set')
    expect(await at(1000, '/read')).toEqual(['load', 0])
  })

  test('a first write with an absolute timeout is a write, rolling or not', async () => {
    const { memory, user } = await start()
    await user.get('/set')
    await site.close()
    const { store, calls } = counted(memory)
    const options = { store, now: () => time, ttl: HOUR, rolling: true, absoluteTimeout: 9 * HOUR }
    const { jar } = user
    site = await serve(ROUTES, options)
    const next = site.browser()
    for (const [name, value] of jar) next.jar.set(name, value)
    await next.get('/read')
    await next.get('/read')
    expect(calls).toEqual(['load', 'replace', 'load'])
  })
})

test('a session from before the option is renewed at once', async () => {
  const { memory, user } = await start()
  await user.get('/set')
  const { jar } = user
  await site.close()
  site = await serve(ROUTES, { store: memory, now: () => time, ttl: HOUR, renew: 0.5 })
  const next = site.browser()
  for (const [name, value] of jar) next.jar.set(name, value)
  expect((await next.get('/read')).cookies).toHaveLength(2)
  expect((await next.get('/read')).cookies).toHaveLength(0)
})

test('unusable values are refused', () => {
  for (const renew of [0, -1, Number.NaN, '0.5'])
    expect(() => session({ renew: renew as number })).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DURATION' }),
    )
  for (const renew of [HOUR, 2 * HOUR])
    expect(() => session({ ttl: HOUR, renew })).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_OPTION' }),
    )
})

describe.each(SOME)('renew with overlapping requests, $name', ({ open }) => {
  test('two requests that both extend are no conflict, and lose no change', async () => {
    time = START
    const opened = await open(() => time)
    const { store, prefix } = opened
    let go = () => {}
    const both = new Promise<void>((resolve) => {
      go = resolve
    })
    let waiting = 0
    const meet = () => {
      if (++waiting === 2) go()
      return both
    }
    site = await serve(
      {
        ...ROUTES,
        '/a': async (ctx) => {
          await meet()
          ctx.session.a = 1
        },
        '/b': async (ctx) => {
          await meet()
          ctx.session.b = 1
        },
      },
      { store, prefix, now: () => time, ttl: HOUR, renew: 0.9, onConflict: 'throw' },
    )
    const user = site.browser()
    await user.get('/set')
    time += HOUR / 2
    const [a, b] = await Promise.all([user.get('/a'), user.get('/b')])
    expect([a.status, b.status]).toEqual([200, 200])
    expect((await user.get('/read')).json()).toEqual({ x: 1, a: 1, b: 1 })
    await opened.close()
  })
})

test('what koa-session kept in a record stays behind when the session moves', async () => {
  time = START
  const store = new MemoryStore({ now: () => time })
  const theirs = { x: 1, _expire: START + HOUR, _maxAge: HOUR }
  store.create('koa:sess:0123456789abcdef', JSON.stringify(theirs), START + HOUR)
  site = await serve(
    {
      '/': async (ctx) => {
        await ctx.regenerateSession({ keep: ['x'] })
        await ctx.saveSession()
        ctx.session.y = 2
      },
    },
    { store, now: () => time, cookie: { signed: false } },
  )
  const user = site.browser()
  await user.get('/', { cookie: 'koa.sid=0123456789abcdef' })
  expect(await store.get(`koa:sess:${user.jar.get('koa.sid')}`)).toEqual({
    x: 1,
    y: 2,
    cookie: expect.any(Object),
  })
})
