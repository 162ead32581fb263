import { expect } from 'vitest'
import type { LegacyStore, SessionStore } from '../../src/index.js'
import { FaultyStore, type StoreCall } from '../../src/testing.js'
import { over, type Site, type SiteOptions } from '../support/site.js'
import { listOf, loggedIn, userOf, users } from './fixture.js'

/** More calls than a login makes. */
const CALLS = Array.from({ length: 9 }, (_, at) => at + 1)

export interface Stage {
  store: SessionStore
  prefix: string
  start(options: SiteOptions): Promise<Site>
}

/** The store of a test, as one with compare-and-set. */
export function strong(store: SessionStore | LegacyStore): SessionStore {
  if ('load' in store) return store
  throw new Error('The store has no compare-and-set')
}

/** All sessions are ended while a login waits at one of its store calls; at each of them, one by one. */
export async function revokeAtEachCall(
  { store, prefix, start }: Stage,
  mode: SiteOptions,
  path: string,
): Promise<void> {
  // The session begins under a bare id, which the login hashes where that is the mode.
  const plain = await start({ store, prefix })
  const elsewhere = await start({ ...mode, store, prefix })
  for (const nth of CALLS) {
    const faulty = new FaultyStore(store)
    const site = await start({ ...mode, store: faulty, prefix })
    const isRotation = path === '/rotate'
    const browser = plain.browser()
    await browser.get(isRotation ? '/login' : '/set')
    const user = over(browser, site)
    const sessions = elsewhere.session.of('ada')
    const checkpoint = await sessions.checkpoint()
    const hold = faulty.hold('any', { nth })
    const login = user.get(`${path}?checkpoint=${checkpoint}`)
    const isHeld = await Promise.race([hold.arrived.then(() => true), login.then(() => false)])
    await sessions.endAll()
    hold.release()
    await login
    // A login that keeps its id has no checkpoint: it may come after the revocation.
    const isRevoked = path === '/login' || isRotation || !isHeld
    if (isRevoked) expect(await userOf(user), `call ${nth}`).toBe(undefined)
    else if ((await userOf(user)) !== undefined) expect(await listOf(user)).toHaveLength(1)
    await sessions.endAll()
    expect(await userOf(user), `call ${nth}, afterwards`).toBe(undefined)
  }
}

/**
 * A browser sends a login twice, as after a double click: one waits at one of its store calls while the
 * other is served. One of them is to leave a session, and the other devices of the user keep theirs.
 */
export async function loginTwiceAtEachCall(
  { store, prefix, start }: Stage,
  mode: SiteOptions,
  max: number,
): Promise<void> {
  const options = { ...mode, store, prefix, users: { ...users, max } }
  const elsewhere = await start(options)
  for (const nth of CALLS) {
    await elsewhere.session.of('ada').endAll()
    const devices = await Promise.all(Array.from({ length: max - 1 }, () => loggedIn(elsewhere)))
    const faulty = new FaultyStore(store)
    const site = await start({ ...options, store: faulty })
    const second = elsewhere.browser()
    await second.get('/set')
    const first = over(second, site)
    // A request that has not read its session yet is no different from one that comes later.
    const hasRead = ({ method, key }: StoreCall) => method !== 'load' || key.includes('&')
    const hold = faulty.hold('any', { nth, where: hasRead })
    const login = first.get('/login')
    const isHeld = await Promise.race([hold.arrived.then(() => true), login.then(() => false)])
    if (!isHeld) {
      expect(nth).toBeGreaterThan(4)
      return
    }
    await second.get('/login')
    hold.release()
    await login
    const left = [await userOf(first), await userOf(second)].filter((user) => user === 'ada')
    expect(left, `call ${nth}`).toHaveLength(1)
    for (const device of devices) expect(await userOf(device), `call ${nth}`).toBe('ada')
  }
}

/** 64 logins of one user at once, of which five may live. Returns how many compare-and-sets they took. */
export async function burst({ store, prefix, start }: Stage): Promise<number> {
  const faulty = new FaultyStore(store)
  const site = await start({ store: faulty, prefix, users: { ...users, max: 5 } })
  const browsers = Array.from({ length: 64 }, () => site.browser())
  // The list waits until every login has stored its record.
  const list = faulty.hold('load', { where: ({ key }) => key.includes('&') })
  const records = faulty.hold('create', { nth: 64, at: 'after' })
  const logins = browsers.map((browser) => browser.get('/login'))
  await records.arrived
  records.release()
  list.release()
  await Promise.all(logins)
  const changes = faulty.calls.filter(({ method }) => method === 'replace')
  const live = (await Promise.all(browsers.map(userOf))).filter((user) => user === 'ada')
  expect(live).toHaveLength(5)
  expect(await site.session.of('ada').list()).toHaveLength(5)
  return changes.length
}

/** Logins of one user on three processes at once, of which three may live. */
export async function burstOnThree({ store, prefix, start }: Stage): Promise<void> {
  const options = { store, prefix, users: { ...users, max: 3 } }
  const processes = [await start(options), await start(options), await start(options)]
  const browsers = await Promise.all(
    Array.from({ length: 24 }, (_, at) => loggedIn(processes[at % 3] as Site)),
  )
  const live = (await Promise.all(browsers.map(userOf))).filter((user) => user === 'ada')
  expect(live).toHaveLength(3)
  expect(await processes[0]?.session.of('ada').endAll()).toBe(3)
  expect((await Promise.all(browsers.map(userOf))).filter(Boolean)).toEqual([])
}
