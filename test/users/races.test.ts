import { afterEach, describe, expect, test } from 'vitest'
import { FaultyStore } from '../../src/testing.js'
import { ioredis, mysql, postgres, STRONG } from '../support/backends.js'
import type { Site } from '../support/site.js'
import { listOf, loggedIn, serveUsers, userOf, users } from './fixture.js'

// The schedules that need a real server to be believed: a revocation at each store call of a login,
// and many logins at once.

const memory = STRONG.filter(({ name }) => name === 'MemoryStore' || name === 'migrating')
const sites: Site[] = []
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close()
})

async function start(...args: Parameters<typeof serveUsers>): Promise<Site> {
  const site = await serveUsers(...args)
  sites.push(site)
  return site
}

/** More calls than a login makes. */
const CALLS = Array.from({ length: 9 }, (_, at) => at + 1)

describe.each([...memory, ioredis, postgres, mysql])('$name', ({ open }) => {
  const modes: [string, object][] = [
    ['plain', {}],
    ['with hashIds and encryption', { hashIds: true, encryption: { keys: ['k'.repeat(32)] } }],
    ['while ids begin to be hashed', { hashIds: { plainUntil: new Date(Date.now() + 1e9) } }],
  ]
  describe.each(modes)('%s', (_, mode) => {
    test.each([
      '/login',
      '/login-here',
      '/login-by-update',
      '/rotate',
    ])('R3: endAll at any store call of %s', async (path) => {
      const { store, prefix, close } = await open()
      // The session begins under a bare id, which the login hashes where that is the mode.
      const plain = await start({ store, prefix })
      const elsewhere = await start({ ...mode, store, prefix })
      for (const nth of CALLS) {
        const faulty = new FaultyStore(store)
        const site = await start({ ...mode, store: faulty, prefix })
        const isRotation = path === '/rotate'
        const browser = plain.browser()
        await browser.get(isRotation ? '/login' : '/set')
        const user = site.browser()
        for (const [name, value] of browser.jar) user.jar.set(name, value)
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
      await close()
    })
  })

  test('R5: 64 logins of one user at once: the limit holds, with at most 70 compare-and-sets', async () => {
    const { store, prefix, close } = await open()
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
    expect(changes.length).toBeLessThanOrEqual(70)
    await site.session.of('ada').endAll()
    await close()
  })

  test('R5: logins of one user on three processes at once: the limit holds', async () => {
    const { store, prefix, close } = await open()
    const options = { store, prefix, users: { ...users, max: 3 } }
    const processes = [await start(options), await start(options), await start(options)]
    const browsers = await Promise.all(
      Array.from({ length: 24 }, (_, at) => loggedIn(processes[at % 3] as Site)),
    )
    const live = (await Promise.all(browsers.map(userOf))).filter((user) => user === 'ada')
    expect(live).toHaveLength(3)
    await processes[0]?.session.of('ada').endAll()
    await close()
  })
})
