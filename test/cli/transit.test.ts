import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { SessionStore } from '../../src/index.js'
import { FaultyStore } from '../../src/testing.js'
import type { Browser } from '../support/browser.js'
import type { Site, SiteOptions } from '../support/site.js'
import { loggedIn, serveUsers, userOf } from '../users/fixture.js'
import { fileStore, folder, read, run, useCommand } from './run.js'

useCommand()

const DAY = 86_400_000
const plainUntil = new Date(Date.now() + DAY)
const SEAL = { encryption: { keys: ['k'.repeat(32)], plainUntil } }

const sites: Site[] = []
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close()
})

async function start(options: SiteOptions): Promise<Site> {
  const site = await serveUsers({ users: undefined, absoluteTimeout: DAY, ...options })
  sites.push(site)
  return site
}

async function storeOf(module: string): Promise<SessionStore> {
  return (await import(module)).default
}

/** The user of a browser, on another site. */
function sameUser(site: Site, { jar }: Browser): Browser {
  const user = site.browser()
  for (const [name, value] of jar) user.jar.set(name, value)
  return user
}

/** A login whose move to the hash of its id stopped halfway, in the store of a module. */
async function interrupted(options: SiteOptions = {}) {
  const module = fileStore(randomUUID(), { records: {} })
  const store = await storeOf(module)
  const before = await loggedIn(await start({ store, ...options }))
  const faulty = new FaultyStore(store)
  const user = sameUser(await start({ store: faulty, hashIds: { plainUntil }, ...options }), before)
  faulty.fail('create')
  expect((await user.get('/set')).status).toBe(200)
  const values = Object.values(read(module).records).map(({ value }) => value)
  expect(values).toEqual([expect.stringMatching(/^9\d+e-\d+$/)])
  return { module, user }
}

test('migrate copies a session whose move was interrupted: its user stays logged in', async () => {
  const { module: from, user } = await interrupted()
  const to = fileStore(randomUUID(), { records: {} })
  const args = ['migrate', '--from', from, '--to', to]
  expect((await run(args)).out).toMatch(/^to copy: 1\nalready there: 0\nended: 0\n/)
  expect(await run([...args, '--write'])).toMatchObject({
    code: 0,
    out: 'copied: 1\nalready there: 0\nended meanwhile: 0\nexpired: 0\nfailed: 0\n',
  })
  expect(read(to).records).toEqual(read(from).records)
  const site = await start({ store: await storeOf(to), hashIds: { plainUntil } })
  expect(await userOf(sameUser(site, user))).toBe('ada')
})

/** The options that the application passes, as a module. */
function configOf(encrypted: boolean): string {
  const file = join(folder, `${randomUUID()}.mjs`)
  writeFileSync(
    file,
    `const plainUntil = new Date(${plainUntil.getTime()})
    export default {
      hashIds: { plainUntil },
      users: { of: (session) => session.user },
      ${encrypted ? `encryption: { keys: ['${'k'.repeat(32)}'], plainUntil },` : ''}
    }`,
  )
  return file
}

describe.each([
  ['plain', false],
  ['encrypted', true],
])('%s', (_, isEncrypted) => {
  const options = isEncrypted ? SEAL : {}

  test('stats counts it, with its age', async () => {
    const { module } = await interrupted(options)
    const config = configOf(isEncrypted)
    const { code, out } = await run(['stats', '--store', module, '--config', config])
    expect(code).toBe(0)
    expect(out).toMatch(/^sessions: 1\n/)
    expect(out).toMatch(/by age\n +up to 1 hour +1 +100 %/)
  })

  test('sessions lists it and ends it', async () => {
    const { module, user } = await interrupted(options)
    const args = ['sessions', '--store', module, '--config', configOf(isEncrypted), '--user', 'ada']
    expect((await run(args)).out).toMatch(/\n1 session\n$/)
    expect((await run([...args, '--end-all'])).out).toMatch(/^ended: 1\n/)
    const site = await start({ store: await storeOf(module), hashIds: { plainUntil }, ...options })
    expect(await userOf(sameUser(site, user))).toBe(undefined)
  })
})

test('a store of get, set and destroy cannot keep it: that is said, and is an exit status of 1', async () => {
  const { module: from } = await interrupted()
  const to = join(folder, `${randomUUID()}.mjs`)
  writeFileSync(to, 'export default { get() {}, set() {}, destroy() {} }')
  for (const [args, count] of [
    [[], 'to copy: 0'],
    [['--write'], 'copied: 0'],
  ] as const) {
    const { code, out, err } = await run(['migrate', '--from', from, '--to', to, ...args])
    expect([code, out]).toEqual([1, expect.stringContaining(`${count}\n`)])
    expect(out).toContain('failed: 1\n')
    expect(err).toContain('1 session failed: it is on its way to a hashed id')
  }
})
