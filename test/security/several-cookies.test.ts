import { afterEach, describe, expect, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { counted } from '../support/backends.js'
import { BASICS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const ROUTES: Routes = {
  ...BASICS,
  '/login': (ctx) => {
    ctx.regenerateSession()
    ctx.session.user = 'ada'
  },
  '/user': (ctx) => ctx.session.user,
}

let site: Site
afterEach(() => site.close())

/** Browsers of one user, whose cookies differ in domain or path: a request sends them all. */
async function start(options: SiteOptions = {}) {
  const { store, calls } = counted(new MemoryStore(options.now ? { now: options.now } : {}))
  site = await serve(ROUTES, { store, ...options })
  /** The cookies of a session, as it began. */
  async function session(path = '/set'): Promise<string> {
    const user = site.browser()
    await user.get(path)
    return user.cookie
  }
  const user = site.browser()
  async function ask(path: string, cookies: string[]) {
    calls.length = 0
    const reply = await user.get(path, { cookie: cookies.join('; ') })
    return { ...reply, calls: [...calls] }
  }
  /** A session that was ended. */
  async function dead(): Promise<string> {
    const cookie = await session()
    await ask('/logout', [cookie])
    user.jar.clear()
    return cookie
  }
  return { session, dead, ask, user }
}

describe.each([
  {},
  { rolling: true },
  { defer: true },
  { cookie: { signed: false } },
])('%j', (more) => {
  const options = { ...more, tombstone: 0 }

  test('H2: where the first cookie leads to no session, the next one is asked', async () => {
    const { session, dead, ask } = await start(options)
    const [gone, live] = [await dead(), await session()]
    expect((await ask('/read', [gone, live])).json()).toEqual({ x: 1 })
    expect((await ask('/read', [live, gone])).json()).toEqual({ x: 1 })
  })

  test('L3: no further command in the ordinary case, and at most four ids', async () => {
    const { session, dead, ask } = await start(options)
    const live = await session()
    expect((await ask('/read', [live])).calls).toHaveLength(1)
    expect((await ask('/read', [live, await dead()])).calls).toHaveLength(1)
    const gone = [await dead(), await dead(), await dead()]
    expect((await ask('/read', gone.slice(0, 1))).calls).toHaveLength(1)
    expect((await ask('/read', [...gone, live])).json()).toEqual({ x: 1 })
    const many = await ask('/read', [...gone, await dead(), live])
    expect([many.json(), many.calls.length]).toEqual([{}, 4])
  })
})

describe('R1: several cookies of one name', () => {
  test('a session that ended moments ago does not hide the one behind it', async () => {
    const { session, dead, ask } = await start()
    const [gone, live] = [await dead(), await session()]
    expect((await ask('/read', [gone, live])).json()).toEqual({ x: 1 })
  })

  test('a login holds, whichever cookie the browser sends first', async () => {
    const { session, dead, ask, user } = await start()
    for (const other of [await dead(), await session()]) {
      for (const order of [0, 1]) {
        const own = await session()
        user.jar.clear()
        await ask('/login', order ? [own, other] : [other, own])
        const { cookie } = user
        expect((await ask('/user', order ? [cookie, other] : [other, cookie])).json()).toBe('ada')
      }
    }
  })

  test('logout ends all that were presented, and clears the cookie', async () => {
    const { session, ask } = await start()
    const cookies = [await session(), await session(), await session()]
    const { cookies: lines } = await ask('/logout', cookies)
    expect(lines.map((line) => line.split('=')[0])).toEqual(['koa.sid', 'koa.sid.sig'])
    for (const cookie of cookies) expect((await ask('/read', [cookie])).json()).toEqual({})
  })

  test('logout ends those under earlier names as well', async () => {
    const store = new MemoryStore()
    const older = await serve(ROUTES, { store, key: 'old.sid' })
    const former = older.browser()
    await former.get('/set')
    const { session, ask } = await start({ store, readKeys: ['old.sid'] })
    await ask('/logout', [await session(), former.cookie])
    expect((await former.get('/read')).json()).toEqual({})
    await older.close()
  })

  test('an ended session with none behind it is blocked', async () => {
    const { dead, ask } = await start()
    const reply = await ask('/set', [await dead(), await dead()])
    expect([reply.status, reply.cookies]).toEqual([200, []])
  })

  test('the same cookie twice is asked once', async () => {
    const { dead, ask } = await start({ tombstone: 0 })
    const gone = await dead()
    expect((await ask('/read', [gone, gone])).calls).toEqual(['load'])
  })

  test('a store that fails at the second one fails the request', async () => {
    const store = new MemoryStore()
    let left = Number.POSITIVE_INFINITY
    const load = store.load.bind(store)
    store.load = (...args) => {
      if (left-- <= 0) throw new Error('the store is on fire')
      return load(...args)
    }
    const { session, dead, ask } = await start({ store, tombstone: 0 })
    const cookies = [await dead(), await session()]
    left = 1
    const reply = await ask('/set', cookies)
    expect([reply.status, reply.cookies]).toEqual([500, []])
  })
})
