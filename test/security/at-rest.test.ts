import { afterEach, describe, expect, test } from 'vitest'
import session, { type LegacyStore, MemoryStore, type SessionStore } from '../../src/index.js'
import { FaultyStore } from '../../src/testing.js'
import { Browser } from '../support/browser.js'
import { Gate } from '../support/gate.js'
import { hashed } from '../support/hashed.js'
import { BASICS, over, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

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
  '/other': (ctx) => {
    ctx.session.other = 1
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
    const dated = { deadline: expect.any(String) }
    expect([...table.values()]).toEqual([{ sealed: expect.any(String), cookie: dated }])
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

describe('S2: a server without encryption, beside one that has it', () => {
  const encryption = { keys: [KEY] }

  async function beside(options: SiteOptions = {}) {
    const { store, table } = open()
    const user = (await start(store, { encryption })).browser()
    await user.get('/set')
    const site = await start(store, options)
    const why: unknown[] = []
    site.app.on('session:reject', (notice) => why.push(notice.why))
    const key = `koa:sess:${user.jar.get('koa.sid')}`
    return { user, visitor: over(user, site), store, table, key, why }
  }

  test('recognises the encrypted record: it is no data, and is not written over', async () => {
    const { user, visitor, table, key, why } = await beside()
    const sealed = table.get(key)
    expect((await visitor.get('/read')).json()).toEqual({})
    await visitor.get('/set')
    expect((await visitor.get('/read')).json()).toEqual({ x: 1 })
    expect(visitor.jar.get('koa.sid')).not.toBe(user.jar.get('koa.sid'))
    expect(table.get(key)).toBe(sealed)
    expect(why).toEqual(['decrypt', 'decrypt'])
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
  })

  test('the same with rolling, renew, and for ctx.sessionStore', async () => {
    for (const options of [{ rolling: true }, { renew: 0.5 }, { hashIds: false }]) {
      const { user, visitor, table, key } = await beside(options)
      const sealed = table.get(key)
      const sid = user.jar.get('koa.sid')
      expect((await visitor.get('/read')).json()).toEqual({})
      expect((await visitor.get(`/get?sid=${sid}`)).json()).toBe(null)
      await visitor.get('/logout')
      expect(table.get(key)).toBe(sealed)
    }
  })

  test('takes no session of a user for an encrypted one', async () => {
    const { store } = open()
    const routes: Routes = {
      ...ROUTES,
      '/put': (ctx) => {
        ctx.session = { sealed: String(ctx.query.text) }
      },
    }
    const site = await serve(routes, { store, now })
    sites.push(site)
    for (const text of ['AAAAAAAA.BBBB', '', 'a"b']) {
      const user = site.browser()
      await user.get(`/put?text=${encodeURIComponent(text)}`)
      expect((await user.get('/read')).json()).toEqual({ sealed: text })
    }
  })

  test('recognises a record that also holds the deadline of a store of get, set and destroy', async () => {
    const { visitor, user, store, table, key, why } = await beside()
    const text = `${table.get(key)?.slice(0, -1)},"cookie":{"deadline":"1.AAAA"}}`
    await store.replace(key, table.get(key) ?? '', text, START + DAY)
    expect((await visitor.get('/read')).json()).toEqual({})
    expect(why).toEqual(['decrypt'])
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
  })
})

describe('S2: back from encryption', () => {
  const back = { encryption: { keys: [NEWER, KEY], decryptOnly: true } }

  test('decryptOnly reads encrypted records, and writes them as JSON on their next use', async () => {
    const { store, table } = open()
    const user = (await start(store, { encryption: { keys: [KEY] } })).browser()
    await user.get('/set')
    const key = `koa:sess:${user.jar.get('koa.sid')}`
    expect(table.get(key)).toMatch(/^{"sealed":"/)
    const visitor = over(user, await start(store, back))
    expect((await visitor.get('/read')).json()).toEqual({ x: 1 })
    expect(JSON.parse(table.get(key) ?? '')).toMatchObject({ x: 1 })
    await visitor.get('/set')
    expect((await over(user, await start(store)).get('/read')).json()).toEqual({ x: 2 })
  })

  test('it reads records that are not encrypted, and begins sessions as JSON', async () => {
    const { store, table } = open()
    const user = (await start(store)).browser()
    await user.get('/set')
    const visitor = over(user, await start(store, back))
    await visitor.get('/set')
    expect((await visitor.get('/read')).json()).toEqual({ x: 2 })
    for (const value of table.values()) expect(value).not.toContain('sealed')
  })

  test.each([{ decryptOnly: 1 }, { decryptOnly: 'yes' }])('%j is refused', (option) => {
    const make = () => session({ encryption: { keys: [KEY], ...option } as never })
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SESSION_OPTION' }))
  })
})

describe('S1: back from hashed ids to bare ones', () => {
  const back = { hashIds: { hashedUntil: new Date(START + DAY) } }

  async function returning() {
    const { store, memory } = open()
    const user = (await start(store, { hashIds: true })).browser()
    await user.get('/set')
    const id = user.jar.get('koa.sid') ?? ''
    const bare = () => memory.load(`koa:sess:${id}`)
    const atHash = () => memory.load(`koa:sess:${hashed(id)}`)
    return { user, visitor: over(user, await start(store, back)), store, bare, atHash }
  }

  test('a session under a hash is found, and stays there', async () => {
    const { user, visitor, store, bare, atHash } = await returning()
    expect((await visitor.get('/read')).json()).toEqual({ x: 1 })
    await visitor.get('/set')
    expect(JSON.parse(atHash() ?? '')).toMatchObject({ x: 2 })
    expect(bare()).toBe(undefined)
    const { hashIds } = { hashIds: { plainUntil: new Date(START + DAY) } }
    const forward = over(user, await start(store, { hashIds }))
    await forward.get('/set')
    expect((await visitor.get('/read')).json()).toEqual({ x: 3 })
  })

  test('a login begins a session under a bare id', async () => {
    const { visitor, store } = await returning()
    await visitor.get('/login')
    expect((await over(visitor, await start(store)).get('/read')).json()).toEqual({ x: 1 })
  })

  test('it finds sessions while servers of the next phase move them, and ends none', async () => {
    const { store, memory } = open()
    const faulty = new FaultyStore(store)
    const user = (await start(faulty, back)).browser()
    await user.get('/set')
    const id = user.jar.get('koa.sid') ?? ''
    const site = await start(faulty, { hashIds: { plainUntil: new Date(START + DAY) } })
    const forward = over(user, site)
    // The move has begun: the value is in transit at the bare id, and no copy is there.
    const copy = faulty.hold('create')
    const moving = forward.get('/set')
    await copy.arrived
    expect((await user.get('/read')).json()).toEqual({ x: 2 })
    copy.release()
    expect((await moving).status).toBe(200)
    for (const each of [user, forward, user]) await each.get('/set')
    expect((await user.get('/read')).json()).toEqual({ x: 5 })
    expect(JSON.parse(memory.load(`koa:sess:${hashed(id)}`) ?? '')).toMatchObject({ x: 5 })
  })

  test.each([
    1, 2, 3, 4, 5, 6, 7, 8,
  ])('a write that meets such a move at its store call %i is kept', async (nth) => {
    const { store } = open()
    const writes = new FaultyStore(store)
    const moves = new FaultyStore(store)
    const user = (await start(writes, back)).browser()
    await user.get('/set')
    const forward = over(
      user,
      await start(moves, { hashIds: { plainUntil: new Date(START + DAY) } }),
    )
    const [slow, move] = [writes.hold('replace'), moves.hold('any', { nth })]
    const writing = user.get('/set')
    await slow.arrived
    const moving = forward.get('/other')
    await Promise.race([move.arrived, moving])
    slow.release()
    await writing
    move.release()
    await moving
    for (const each of [user, forward])
      expect((await each.get('/read')).json()).toEqual({ x: 2, other: 1 })
  })

  test('a logout ends it under either key', async () => {
    const { user, visitor, store, atHash } = await returning()
    await visitor.get('/logout')
    for (const options of [{}, back, { hashIds: true }])
      expect((await over(user, await start(store, options)).get('/read')).json()).toEqual({})
    expect(atHash()).not.toContain('x')
  })

  test('new sessions begin under bare ids, and a hash is no id', async () => {
    const { store, memory } = open()
    const site = await start(store, { ...back, cookie: { signed: false } })
    const user = site.browser()
    await user.get('/set')
    const id = user.jar.get('koa.sid') ?? ''
    expect(memory.load(`koa:sess:${id}`)).toBeDefined()
    const thief = new Browser(site.origin)
    const stolen = await thief.get('/read', { cookie: `koa.sid=${hashed(id)}` })
    expect(stolen.json()).toEqual({})
  })

  test('after the date, hashed keys are not looked up any more', async () => {
    const { visitor } = await returning()
    time = START + DAY
    expect((await visitor.get('/read')).json()).toEqual({})
  })

  test.each([
    {},
    { hashedUntil: 'soon' },
    { plainUntil: new Date(), hashedUntil: new Date() },
  ])('hashIds %j is refused', (hashIds) => {
    const make = () => session({ hashIds } as never)
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SESSION_OPTION' }))
  })
})
