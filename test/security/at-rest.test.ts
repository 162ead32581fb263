import { afterEach, describe, expect, test } from 'vitest'
import session, { type LegacyStore, MemoryStore, type SessionStore } from '../../src/index.js'
import { Browser } from '../support/browser.js'
import { Gate } from '../support/gate.js'
import { hashed } from '../support/hashed.js'
import { BASICS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const KEY = 'a secret of thirty-two bytes or more'
const NEWER = 'a newer one of thirty-two bytes or more'
const DAY = 86_400_000
const START = 1_800_000_000_000

let time = START
const now = () => time
const sites: Site[] = []
afterEach(async () => {
  time = START
  for (const site of sites.splice(0)) await site.close()
})

/** A memory store whose content can be looked at. */
function open() {
  const table = new Map<string, string>()
  const memory = new MemoryStore({ now })
  const store: SessionStore = {
    load: (key, touch) => memory.load(key, touch),
    create(key, value, expiresAt) {
      const done = memory.create(key, value, expiresAt)
      if (done) table.set(key, value)
      return done
    },
    replace(key, expected, value, expiresAt) {
      const answer = memory.replace(key, expected, value, expiresAt)
      if (answer.ok) table.set(key, value)
      return answer
    },
    touch: (key, expiresAt) => memory.touch(key, expiresAt),
    destroy: (key) => memory.destroy(key),
  }
  return { store, memory, table }
}

let gate: Gate
const ROUTES: Routes = {
  ...BASICS,
  '/slow': async (ctx) => {
    const read = { ...ctx.session }
    await gate.pass()
    if (ctx.query.end) ctx.session = null
    else ctx.session.slow = 1
    return read
  },
  '/login': (ctx) => {
    ctx.regenerateSession({ keep: ['x'] })
  },
  '/destroy': async (ctx) => ctx.sessionStore.destroy(String(ctx.query.sid)),
  '/get': async (ctx) => (await ctx.sessionStore.get(String(ctx.query.sid))) ?? null,
  '/put': async (ctx) => ctx.sessionStore.set(String(ctx.query.sid), { put: 1 }),
}

async function start(store: SessionStore | LegacyStore, options: SiteOptions = {}) {
  const site = await serve(ROUTES, { store, now, ...options })
  sites.push(site)
  return site
}

/** A browser of another site with the same cookies. */
function over(user: Browser, site: Site): Browser {
  const next = site.browser()
  for (const [name, value] of user.jar) next.jar.set(name, value)
  return next
}

/** Begins a request that waits in its handler. */
async function slow(user: Browser, path = '/slow'): Promise<() => Promise<number>> {
  const mine = new Gate()
  gate = mine
  const reply = user.get(path)
  await mine.arrived
  return async () => {
    mine.open()
    return (await reply).status
  }
}

describe('S1: hashIds', () => {
  test('a dump holds no id, and a hash is no id', async () => {
    const { store, table } = open()
    const site = await start(store, { hashIds: true, cookie: { signed: false } })
    const user = site.browser()
    await user.get('/set')
    await user.get('/set')
    const id = user.jar.get('koa.sid') ?? ''
    expect([...table.keys()]).toEqual([`koa:sess:${hashed(id)}`])
    expect([...table.values()].join()).not.toContain(id)
    for (const stolen of [hashed(id), hashed(id).slice(1), `koa:sess:${hashed(id)}`]) {
      const thief = new Browser(site.origin)
      expect((await thief.get('/read', { cookie: `koa.sid=${stolen}` })).json()).toEqual({})
    }
    expect((await user.get('/read')).json()).toEqual({ x: 2 })
  })

  test('a hash is no id while bare ids are still looked at, either', async () => {
    const { store } = open()
    const hashIds = { plainUntil: new Date(START + DAY) }
    const site = await start(store, { hashIds, cookie: { signed: false } })
    const user = site.browser()
    await user.get('/set')
    for (const stolen of [hashed(user.jar.get('koa.sid')), `${hashed(user.jar.get('koa.sid'))}`]) {
      const reply = await new Browser(site.origin).get('/read', { cookie: `koa.sid=${stolen}` })
      expect(reply.json()).toEqual({})
    }
  })

  test('login, logout and ctx.sessionStore know where a session stands', async () => {
    const { store, memory } = open()
    const site = await start(store, { hashIds: true })
    const user = site.browser()
    await user.get('/set')
    const before = user.cookie
    await user.get('/login')
    expect((await user.get('/read', { cookie: before })).json()).toEqual({})
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
    const sid = user.jar.get('koa.sid')
    expect((await user.get(`/get?sid=${sid}`)).json()).toMatchObject({ x: 1 })
    await user.get(`/put?sid=${sid}`)
    expect((await user.get('/read')).json()).toEqual({ put: 1 })
    const { cookie } = user
    await user.get('/logout')
    expect((await user.get('/read', { cookie })).json()).toEqual({})
    time += DAY
    expect(memory.load(`koa:sess:${hashed(sid)}`)).toBe(undefined)
  })
})

describe('S1: from bare ids to hashed ones', () => {
  const hashIds = { plainUntil: new Date(START + DAY) }

  async function moving(options: SiteOptions = {}) {
    const { store, memory, table } = open()
    const user = (await start(store)).browser()
    await user.get('/set')
    const site = await start(store, { hashIds, ...options })
    const id = user.jar.get('koa.sid') ?? ''
    const bare = () => memory.load(`koa:sess:${id}`)
    const moved = () => memory.load(`koa:sess:${hashed(id)}`)
    return { user: over(user, site), site, store, table, id, bare, moved }
  }

  test.each([
    {},
    { rolling: true },
    { defer: false, renew: 0.5 },
  ])('a session moves with its first request, under its id (%j)', async (options) => {
    const { user, id, bare, moved } = await moving(options)
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
    expect(bare()).toMatch(/^0e09/)
    expect(moved()).toContain('"x":1')
    expect(user.jar.get('koa.sid')).toBe(id)
    await user.get('/set')
    expect((await user.get('/read')).json()).toEqual({ x: 2 })
    time += 11_000
    expect(bare()).toBe(undefined)
  })

  test('no session is found under a bare id after plainUntil', async () => {
    const { user, bare } = await moving({ ttl: 10 * DAY })
    time = START + DAY
    expect((await user.get('/read')).json()).toEqual({})
    expect(bare()).toBe(undefined)
  })

  test('two requests that both found it under the bare id: nothing is lost', async () => {
    const { user } = await moving()
    const finish = await slow(user)
    await user.get('/set')
    expect(await finish()).toBe(200)
    expect((await user.get('/read')).json()).toEqual({ x: 2, slow: 1 })
  })

  test.each([
    '/logout',
    '/login',
  ])('%s against a slow request: the old cookie stays dead', async (path) => {
    const { user, bare, moved } = await moving()
    const { cookie } = user
    const finish = await slow(user)
    await user.get(path)
    expect(await finish()).toBe(200)
    expect((await user.get('/read', { cookie })).json()).toEqual({})
    time += 11_000
    expect([bare(), moved()]).toEqual([undefined, undefined])
  })

  test('the slow request moved it before the logout that found it under the bare id', async () => {
    const { user, bare, moved } = await moving()
    const { cookie } = user
    const finish = await slow(user)
    await user.get('/read')
    expect(moved()).toContain('"x":1')
    await user.get('/logout')
    await finish()
    expect((await user.get('/read', { cookie })).json()).toEqual({})
    time += 11_000
    expect([bare(), moved()]).toEqual([undefined, undefined])
  })

  test('a slow logout ends it where it was moved meanwhile', async () => {
    const { user, bare, moved } = await moving()
    const { cookie } = user
    const finish = await slow(user, '/slow?end=1')
    await user.get('/set')
    expect(moved()).toContain('"x":2')
    await finish()
    expect((await user.get('/read', { cookie })).json()).toEqual({})
    time += 11_000
    expect([bare(), moved()]).toEqual([undefined, undefined])
  })

  test('a server that does not hash yet wrote in between: its change is kept', async () => {
    const { user, store, table, id } = await moving()
    const finish = await slow(user)
    const older = over(user, await start(store))
    await older.get('/set')
    await finish()
    expect(table.get(`koa:sess:${hashed(id)}`)).toContain('"x":2,"slow":1')
    expect((await user.get('/read')).json()).toEqual({ x: 2, slow: 1 })
  })

  test('a logout ends what a move that was cut off left at both keys', async () => {
    const { user, store, table, id, bare, moved } = await moving()
    const key = `koa:sess:${id}`
    store.create(`koa:sess:${hashed(id)}`, table.get(key) ?? '', START + DAY)
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
    const { cookie } = user
    await user.get('/logout')
    time += 11_000
    expect([bare(), moved()]).toEqual([undefined, undefined])
    expect((await user.get('/read', { cookie })).json()).toEqual({})
  })

  test('ctx.sessionStore finds, ends and replaces it where it stands', async () => {
    const { user, id, bare } = await moving()
    const other = sites[1]?.browser()
    expect((await other?.get(`/get?sid=${id}`))?.json()).toMatchObject({ x: 1 })
    await other?.get(`/put?sid=${id}`)
    expect(bare()).toBe(undefined)
    expect((await user.get('/read')).json()).toEqual({ put: 1 })
  })
})

describe('S2: encryption', () => {
  const sealed = { encryption: { keys: [KEY] } }

  test('the store sees nothing of a session, and every session differs', async () => {
    const { store, table } = open()
    const site = await start(store, sealed)
    for (let count = 0; count < 3; count++) {
      const user = site.browser()
      await user.get('/set')
      expect((await user.get('/read')).json()).toEqual({ x: 1 })
    }
    for (const value of table.values()) expect(value).toMatch(/^\{"sealed":"[\w-]{8}\.[\w-]+"\}$/)
    const nonces = [...table.values()].map((value) => value.split('.')[1]?.slice(0, 16))
    expect(new Set(nonces).size).toBe(3)
  })

  test('records that were swapped or changed are no sessions', async () => {
    const { store, memory, table } = open()
    const site = await start(store, sealed)
    const [ada, eve] = [site.browser(), site.browser()]
    await ada.get('/set')
    await eve.get('/set')
    const [first = '', second = ''] = table.keys()
    const [of, other] = [table.get(first) ?? '', table.get(second) ?? '']
    memory.replace(first, of, other, START + DAY)
    const at = other.length - 10
    const flipped = other.slice(0, at) + (other[at] === 'A' ? 'B' : 'A') + other.slice(at + 1)
    memory.replace(second, other, flipped, START + DAY)
    for (const user of [ada, eve]) {
      const reply = await user.get('/read')
      expect([reply.status, reply.json()]).toEqual([200, {}])
    }
  })

  test('T4: what is not sealed, or cut short, is no session', async () => {
    const { store, memory, table } = open()
    const site = await start(store, sealed)
    const user = site.browser()
    await user.get('/set')
    const [key = ''] = table.keys()
    let current = table.get(key) ?? ''
    for (const value of [
      '{"x":7}',
      `${current.slice(0, 30)}"}`,
      '{"sealed":""}',
      '{"sealed":"."}',
    ]) {
      memory.replace(key, current, value, START + DAY)
      current = value
      const reply = await user.get('/read')
      expect([reply.status, reply.json()]).toEqual([200, {}])
    }
  })

  test('rotation: the newer key seals on the next write, a key that is gone ends the session', async () => {
    const { store, table } = open()
    const user = (await start(store, sealed)).browser()
    await user.get('/set')
    const [key = ''] = table.keys()
    const keyId = () => table.get(key)?.slice(11, 19)
    const before = keyId()
    const both = await start(store, { encryption: { keys: [NEWER, KEY] } })
    const next = over(user, both)
    expect((await next.get('/read')).json()).toEqual({ x: 1 })
    expect(keyId()).toBe(before)
    await next.get('/set')
    expect(keyId()).not.toBe(before)
    const newest = await start(store, { encryption: { keys: [NEWER] } })
    expect((await over(next, newest).get('/read')).json()).toEqual({ x: 2 })
    const reply = await over(next, sites[0] as Site).get('/read')
    expect([reply.status, reply.json()]).toEqual([200, {}])
  })

  test('unsealed records are read until plainUntil, and sealed by the next write', async () => {
    const { store, table } = open()
    const user = (await start(store, { ttl: 10 * DAY })).browser()
    const late = sites[0]?.browser()
    await user.get('/set')
    await late?.get('/set')
    const encryption = { keys: [KEY], plainUntil: new Date(START + DAY) }
    const site = await start(store, { encryption, ttl: 10 * DAY })
    const next = over(user, site)
    expect((await next.get('/read')).json()).toEqual({ x: 1 })
    expect([...table.values()].filter((value) => value.includes('sealed'))).toHaveLength(1)
    time += DAY
    expect((await next.get('/read')).json()).toEqual({ x: 1 })
    expect((await over(late as Browser, site).get('/read')).json()).toEqual({})
  })

  test('a store of get, set and destroy holds sealed objects', async () => {
    const table = new Map<string, object>()
    const store: LegacyStore = {
      get: (sid) => table.get(sid),
      set: (sid, value) => void table.set(sid, value),
      destroy: (sid) => void table.delete(sid),
    }
    const site = await start(store, { ...sealed, hashIds: true })
    const user = site.browser()
    await user.get('/set')
    await user.get('/set')
    expect((await user.get('/read')).json()).toEqual({ x: 2 })
    expect([...table.values()]).toEqual([{ sealed: expect.any(String) }])
    const { cookie } = user
    await user.get('/logout')
    expect(table.size).toBe(0)
    expect((await user.get('/read', { cookie })).json()).toEqual({})
  })
})

test('L3: a session above maxBytes is refused before anything is written', async () => {
  const { store, table } = open()
  const site = await serve(
    {
      ...ROUTES,
      '/big': (ctx) => {
        ctx.session.big = 'ä'.repeat(Number(ctx.query.n))
      },
    },
    { store, now },
  )
  sites.push(site)
  const user = site.browser()
  const refused = await user.get('/big?n=300000')
  expect([refused.status, refused.cookies, table.size]).toEqual([500, [], 0])
  await user.get('/set')
  const before = [...table.values()]
  expect((await user.get('/big?n=500000')).status).toBe(500)
  expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_SIZE' }, { code: 'ERR_SESSION_SIZE' }])
  expect([...table.values()]).toEqual(before)
  expect((await user.get('/big?n=200000')).status).toBe(200)
  const small = await start(open().store, { maxBytes: 100 })
  expect((await small.browser().get('/set')).status).toBe(200)
})

test.each<object>([
  { hashIds: 'yes' },
  { hashIds: {} },
  { hashIds: { plainUntil: new Date(Number.NaN) } },
  { encryption: {} },
  { encryption: true },
  { encryption: { keys: [] } },
  { encryption: { keys: 'a secret of thirty-two bytes or more' } },
  { encryption: { keys: ['too short'] } },
  { encryption: { keys: [KEY, ''] } },
  { encryption: { keys: Array.from({ length: 33 }, () => KEY) } },
  { encryption: { keys: [KEY], plainUntil: 'soon' } },
  { maxBytes: 0 },
  { maxBytes: '1mb' },
])('unusable options are refused: %j', (options) => {
  expect(() => session(options)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_OPTION' }))
})
