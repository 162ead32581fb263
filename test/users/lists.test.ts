import { afterEach, describe, expect, test, vi } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { migrating } from '../../src/stores/migrating/store.js'
import { FaultyStore } from '../../src/testing.js'
import { counted, ioredis, WEAK } from '../support/backends.js'
import type { Site, SiteOptions } from '../support/site.js'
import { lastCode, listOf, loggedIn, serveUsers, userOf, users } from './fixture.js'

const sites: Site[] = []
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close()
})

async function start(options: SiteOptions = {}): Promise<Site> {
  const site = await serveUsers(options)
  sites.push(site)
  return site
}

const listKeys = (store: MemoryStore) => store.scan('koa:sess:&').records.map(({ key }) => key)

describe('store commands on Redis', () => {
  async function commands(option: SiteOptions['users']) {
    const { store, prefix, close } = await ioredis.open()
    const { store: counting, calls } = counted(store)
    const site = await start({ store: counting, prefix, users: option })
    const user = site.browser()
    const counts: Record<string, number> = {}
    for (const path of ['/set', '/login', '/read', '/set', '/logout']) {
      calls.length = 0
      await user.get(path)
      counts[path] = calls.length
    }
    await site.close()
    sites.pop()
    await close()
    return counts
  }

  test('read, write and logout take as many as without the option, a login two more', async () => {
    const without = await commands(undefined)
    expect(await commands(users)).toEqual({ ...without, '/login': (without['/login'] ?? 0) + 2 })
  })

  test('a list of n sessions takes 1 + n, endAll 3 + 2n', async () => {
    const { store, calls } = counted(new MemoryStore())
    const site = await start({ store })
    for (let count = 0; count < 5; count++) await loggedIn(site)
    calls.length = 0
    await site.session.of('ada').list()
    expect(calls).toHaveLength(6)
    calls.length = 0
    await site.session.of('ada').endAll()
    expect(calls).toHaveLength(13)
  })
})

describe('the list outlives its sessions', () => {
  test('it ends twice as late as they do, and is renewed as they are extended', async () => {
    let time = 1e12
    const now = () => time
    const store = new MemoryStore({ now })
    const site = await start({ store, now, ttl: 80_000 })
    const user = await loggedIn(site)
    const ends = () => (store.scan('koa:sess:&').records[0]?.expiresAt ?? 0) - time
    expect(ends()).toBe(160_000)
    for (let count = 0; count < 20; count++) {
      time += 30_000
      await user.get('/set')
      expect(ends()).toBeGreaterThanOrEqual(150_000)
    }
    expect(await listOf(user)).toHaveLength(1)
  })

  test.each<[string, SiteOptions]>([
    ['rolling', { rolling: true }],
    ['rolling by a function', { rolling: true, ttl: () => 80_000 }],
    ['renew', { renew: 0.5 }],
  ])('%s: sessions that are only read keep it', async (_, mode) => {
    let time = 1e12
    const now = () => time
    const store = new MemoryStore({ now })
    const site = await start({ store, now, ttl: 80_000, ...mode })
    const user = await loggedIn(site)
    for (let count = 0; count < 20; count++) {
      time += 30_000
      await user.get('/read')
    }
    expect(await listOf(user)).toHaveLength(1)
    expect(await site.session.of('ada').endAll()).toBe(1)
    expect(await userOf(user)).toBe(undefined)
  })

  test('when it is missing, the next write of each session lists it again', async () => {
    let time = 1e12
    const now = () => time
    const store = new MemoryStore({ now })
    const site = await start({ store, now, ttl: 80_000 })
    const [one, two] = [await loggedIn(site), await loggedIn(site)]
    for (const key of listKeys(store)) store.destroy(key)
    expect(await listOf(one)).toEqual([])
    time += 20_000
    await one.get('/set')
    await two.get('/set')
    expect(await listOf(one)).toHaveLength(2)
    expect(await site.session.of('ada').endAll()).toBe(2)
  })

  test('sessions from before the option are listed at their next write, above any limit', async () => {
    const store = new MemoryStore()
    const before = await start({ store, users: undefined })
    const browsers = [await loggedIn(before), await loggedIn(before), await loggedIn(before)]
    const site = await start({ store, users: { ...users, max: 1, whenFull: 'refuse' } })
    for (const browser of browsers) {
      const user = site.browser()
      for (const [name, value] of browser.jar) user.jar.set(name, value)
      expect((await user.get('/set')).status).toBe(200)
    }
    expect(await site.session.of('ada').list()).toHaveLength(3)
    expect((await site.browser().get('/login')).status).toBe(409)
    expect(await site.session.of('ada').endAll()).toBe(3)
  })

  test('max of the MemoryStore evicts sessions, and no list', async () => {
    const site = await start({ store: new MemoryStore({ max: 2 }) })
    const user = await loggedIn(site)
    for (let count = 0; count < 10; count++) {
      await site.browser().get('/set')
      await user.get('/read')
    }
    expect(await listOf(user)).toHaveLength(1)
  })

  test('entries of sessions that ended are removed as others log in', async () => {
    const store = new MemoryStore()
    const site = await start({ store })
    for (let count = 0; count < 40; count++) await (await loggedIn(site)).get('/logout')
    const [record] = store.scan('koa:sess:&').records
    expect(JSON.parse(record?.value ?? '{}').live.length).toBeLessThan(20)
  })
})

test('a change that waited for its turn sees what another process wrote meanwhile', async () => {
  const store = new MemoryStore()
  const faulty = new FaultyStore(store)
  const [here, there] = [await start({ store: faulty }), await start({ store })]
  await loggedIn(there)
  const write = faulty.hold('replace', { at: 'after', where: ({ key }) => key.includes('&') })
  const login = loggedIn(here)
  await write.arrived
  const user = await loggedIn(there)
  const [newest] = await listOf(user)
  const ended = here.session.of('ada').end(newest?.handle ?? '')
  write.release()
  await login
  expect([await ended, await userOf(user)]).toEqual([true, undefined])
})

describe('a crash', () => {
  test.each<[string, (site: Site) => Promise<unknown>]>([
    ['a login', (site) => loggedIn(site)],
    ['a list', (site) => site.session.of('ada').list()],
    ['the end of a session that is gone', (site) => site.session.of('ada').end('gone')],
    ['another endAll', (site) => site.session.of('ada').endAll()],
  ])('%s ends what a revocation left', async (_, next) => {
    const store = new MemoryStore()
    const faulty = new FaultyStore(store)
    const crashing = await start({ store: faulty })
    const site = await start({ store })
    const user = await loggedIn(site)
    // The first write of endAll is the list, the second one ends a session.
    faulty.fail('replace', { nth: 2 })
    await expect(crashing.session.of('ada').endAll()).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE',
    })
    expect(await userOf(user)).toBe('ada')
    await next(site)
    expect(await userOf(user)).toBe(undefined)
  })

  test('a login whose list cannot be written is no login', async () => {
    const faulty = new FaultyStore(new MemoryStore())
    const site = await start({ store: faulty })
    const user = site.browser()
    await user.get('/set')
    faulty.fail('any', { where: ({ key, method }) => key.includes('&') && method === 'create' })
    const reply = await user.get('/login')
    expect([reply.status, reply.cookies, lastCode(site)]).toEqual([500, [], 'ERR_SESSION_STORE'])
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
  })

  test('a list that is too large fails the login that made it so, and no other change', async () => {
    const site = await start({ maxBytes: 1500 })
    let status = 200
    for (let count = 0; count < 20 && status === 200; count++)
      status = (await site.browser().get('/login')).status
    expect([status, lastCode(site)]).toEqual([500, 'ERR_SESSION_SIZE'])
    expect(await site.session.of('ada').endAll()).toBeGreaterThan(2)
    expect((await site.browser().get('/login')).status).toBe(200)
  })
})

test('the list moves with the sessions from one store to another', async () => {
  const [from, to] = [new MemoryStore(), new MemoryStore()]
  const old = await start({ store: from })
  const user = await loggedIn(old)
  const site = await start({ store: migrating({ from, to }) })
  const second = await loggedIn(site)
  expect(await listOf(second)).toHaveLength(2)
  expect(listKeys(to)).toHaveLength(1)
  const moved = site.browser()
  for (const [name, value] of user.jar) moved.jar.set(name, value)
  expect(await site.session.of('ada').endAll()).toBe(2)
  expect([await userOf(moved), await userOf(second)]).toEqual([undefined, undefined])
})

test('a store without compare-and-set works within one process', async () => {
  const [weak] = WEAK
  if (!weak) throw new Error('no weak store')
  const { store, prefix } = await weak.open()
  const site = await start({ store, prefix, users: { ...users, max: 2 } })
  await Promise.all(Array.from({ length: 8 }, () => loggedIn(site)))
  expect(await site.session.of('ada').list()).toHaveLength(2)
})

test('a store without compare-and-set is warned of once', async () => {
  // Other files of this worker may have had the warning.
  vi.resetModules()
  const { default: fresh } = await import('../../src/index.js')
  const spy = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const store = { get: () => null, set: () => undefined, destroy: () => undefined }
  for (let count = 0; count < 3; count++) fresh({ store, users }).close()
  fresh({ users }).close()
  const options = spy.mock.calls.map(([, options]) => options)
  spy.mockRestore()
  expect(options).toEqual([{ code: 'KOA_SESS_USERS_WEAK' }])
})
