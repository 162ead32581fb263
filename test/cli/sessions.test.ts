import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { sessions } from '../../src/cli/sessions.js'
import { MemoryStore, type SessionStore } from '../../src/index.js'
import { RedisStore } from '../../src/redis.js'
import { MysqlStore } from '../../src/stores/sql/mysql.js'
import { PostgresStore } from '../../src/stores/sql/postgres.js'
import { SqliteStore } from '../../src/stores/sql/sqlite.js'
import { FaultyStore } from '../../src/testing.js'
import { databaseUrl } from '../services/databases.js'
import type { Browser } from '../support/browser.js'
import type { Routes, Site, SiteOptions } from '../support/site.js'
import { libsql } from '../support/sqlite.js'
import { loggedIn, serveUsers, userOf } from '../users/fixture.js'
import { fileStore, folder, read, root, run, runProcess, useCommand } from './run.js'

useCommand()

const sites: Site[] = []
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close()
})

async function start(options: SiteOptions, routes: Routes = {}): Promise<Site> {
  const site = await serveUsers(options, routes)
  sites.push(site)
  return site
}

/** A module whose default export is this text. */
function config(text: string): string {
  const file = join(folder, `config-${randomUUID()}.mjs`)
  writeFileSync(file, `export default ${text}`)
  return file
}

interface Shared {
  url: string
  store: SessionStore
  close(): unknown
}

const QUIET = { pruneInterval: 0 }

async function openSqlite(): Promise<Shared> {
  const file = join(folder, `${randomUUID()}.db`)
  const client = libsql.open(file)
  const store = new SqliteStore({ client, ...QUIET })
  await store.setup()
  return { url: `sqlite:${file}`, store, close: () => client.close() }
}

async function openRedis(): Promise<Shared> {
  const url = inject('redisUrl')
  const client = new Redis(url)
  return { url, store: new RedisStore({ client }), close: () => client.quit() }
}

const BACKENDS: [string, () => Promise<Shared>][] = [
  ['SQLite', openSqlite],
  ['Redis', openRedis],
  [
    'PostgreSQL',
    async () => {
      const url = await databaseUrl('postgres')
      const client = new Pool({ connectionString: url })
      const store = new PostgresStore({ client, ...QUIET })
      await store.setup()
      return { url, store, close: () => client.end() }
    },
  ],
  [
    'MySQL',
    async () => {
      const url = await databaseUrl('mysql')
      const client = createPool(url)
      const store = new MysqlStore({ client, ...QUIET })
      await store.setup()
      return { url, store, close: () => client.end() }
    },
  ],
]

const SEAL_KEY = 'k'.repeat(32)
const SEALED: [string, SiteOptions, string] = [
  'with hashIds and encryption',
  { hashIds: true, encryption: { keys: [SEAL_KEY] } },
  `hashIds: true, encryption: { keys: ['${SEAL_KEY}'] },`,
]

/** The handles that the command prints. */
const handlesIn = (out: string) => out.match(/^[\w-]{22}(?= )/gm) ?? []

describe.each(BACKENDS)('%s', (name, open) => {
  const isSql = name === 'PostgreSQL' || name === 'MySQL'
  const modes: (typeof SEALED)[] = isSql ? [SEALED] : [['plain', {}, ''], SEALED]
  let backend: Shared
  beforeAll(async () => {
    backend = await open()
  })
  afterAll(() => backend.close())

  describe.each(modes)('%s', (_, mode, options) => {
    test('lists the sessions of a user, ends one, and then all, in a list or in none', async () => {
      const prefix = `test:${randomUUID()}:`
      const before = await start({ ...mode, store: backend.store, prefix, users: undefined })
      const old = [await loggedIn(before), await loggedIn(before)]
      const site = await start({ ...mode, store: backend.store, prefix })
      const browsers = [await loggedIn(site), await loggedIn(site), await loggedIn(site)]
      const bob = await loggedIn(site, '/login?user=bob')
      const file = config(
        `{ prefix: '${prefix}', ${options} users: { of: (session) => session.user } }`,
      )
      const command = (...args: string[]) =>
        run(['sessions', '--store', backend.url, '--config', file, '--user', 'ada', ...args], root)

      const shown = await command()
      const listed = (await site.session.of('ada').list()).map(({ handle }) => handle)
      expect(shown.code, shown.err).toBe(0)
      expect(handlesIn(shown.out).slice(0, 3)).toEqual(listed)
      expect(shown.out.match(/not listed/g)).toHaveLength(2)
      expect(shown.out).toMatch(/\n5 sessions\n$/)
      for (const { jar } of [...old, ...browsers, bob])
        expect(shown.out + shown.err).not.toContain(jar.get('koa.sid'))
      expect(handlesIn((await command('--no-scan')).out)).toEqual(listed)

      const [newest] = listed
      expect(await command('--end', `${newest}`)).toMatchObject({ code: 0, out: 'ended: 1\n' })
      const again = await command('--end', `${newest}`)
      expect([again.code, again.out]).toEqual([1, 'ended: 0\n'])
      expect(again.err).toContain('there is no such session')
      const unlisted = handlesIn(shown.out)[3]
      expect(await command('--end', `${unlisted}`)).toMatchObject({ code: 0, out: 'ended: 1\n' })
      expect((await Promise.all(browsers.map(userOf))).filter(Boolean)).toHaveLength(2)
      expect((await Promise.all(old.map(userOf))).filter(Boolean)).toHaveLength(1)

      const all = await command('--end-all')
      expect(all).toMatchObject({ code: 0, out: 'ended: 3\nof these in no list: 1\n' })
      expect((await Promise.all([...old, ...browsers].map(userOf))).filter(Boolean)).toEqual([])
      expect(await userOf(bob)).toBe('bob')
      expect((await command()).out).toBe('no sessions\n')
      await site.session.of('bob').endAll()
    })
  })
})

test('migrate copies the lists of users: sessions are listed and ended in the new store', async () => {
  const prefix = `test:${randomUUID()}:`
  const [from, to] = [await openSqlite(), await openRedis()]
  const old = await start({ store: from.store, prefix })
  const browsers = [await loggedIn(old), await loggedIn(old)]
  const listed = await old.session.of('ada').list()
  const args = ['migrate', '--from', from.url, '--to', to.url, '--prefix', prefix, '--write']
  // Two sessions and a list.
  expect(await run(args, root)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^copied: 3\n/),
  })
  const site = await start({ store: to.store, prefix })
  const moved = browsers.map((browser) => {
    const user = site.browser()
    for (const [name, value] of browser.jar) user.jar.set(name, value)
    return user
  })
  expect(await site.session.of('ada').list()).toEqual(listed)
  expect(await site.session.of('ada').endAll()).toBe(2)
  expect((await Promise.all(moved.map(userOf))).filter(Boolean)).toEqual([])
  await from.close()
  await to.close()
})

/** `--end-all` in this process, on a store that the test holds. */
async function endAllOn(store: SessionStore, options = ''): Promise<number> {
  Reflect.set(globalThis, 'storeOfTheConfig', store)
  const users = 'users: { of: (session) => session.user }'
  const file = config(`{ store: storeOfTheConfig, ${options} ${users} }`)
  const silent = [
    vi.spyOn(console, 'log').mockImplementation(() => undefined),
    vi.spyOn(process.stderr, 'write').mockImplementation(() => true),
  ]
  const task = { store: undefined, config: file, prefix: undefined, of: undefined, end: undefined }
  const code = await sessions({
    command: 'sessions',
    ...task,
    user: 'ada',
    endAll: true,
    scan: true,
  })
  for (const spy of silent) spy.mockRestore()
  Reflect.deleteProperty(globalThis, 'storeOfTheConfig')
  return code
}

/** A browser that has the cookies of another one, for another site. */
function sameUser(site: Site, before: Browser): Browser {
  const user = site.browser()
  for (const [name, value] of before.jar) user.jar.set(name, value)
  return user
}

test('a session that gets a new id during the scan is ended too', async () => {
  const store = new MemoryStore()
  const faulty = new FaultyStore(store)
  const before = await loggedIn(await start({ store, users: undefined }))
  const user = sameUser(await start({ store }), before)
  const page = faulty.hold('scan', { at: 'after' })
  const ended = endAllOn(faulty)
  await page.arrived
  await user.get('/rotate')
  page.release()
  expect([await ended, await userOf(user)]).toEqual([0, undefined])
})

test('a session that moves to its hashed id during the scan is ended there', async () => {
  const store = new MemoryStore()
  const faulty = new FaultyStore(store)
  const before = await loggedIn(await start({ store, users: undefined }))
  const hashIds = { plainUntil: new Date(Date.now() + 1e9) }
  const user = sameUser(await start({ store, hashIds, users: undefined }), before)
  const page = faulty.hold('scan', { at: 'after' })
  const ended = endAllOn(faulty, 'hashIds: { plainUntil: new Date(Date.now() + 1e9) },')
  await page.arrived
  await user.get('/set')
  page.release()
  expect([await ended, await userOf(user)]).toEqual([0, undefined])
})

describe('on a store in a file', () => {
  const emptyStore = (name: string) => fileStore(name, { records: {} })

  /** Logs in on a store of a module. */
  async function siteOn(
    module: string,
    options: SiteOptions = {},
    routes: Routes = {},
  ): Promise<Site> {
    const { default: store } = await import(module)
    return start({ store, ...options }, routes)
  }

  test('--of takes the place of a config: the key that holds the user', async () => {
    const module = emptyStore('of')
    const of = (session: SessionData) => session.passport?.user
    const site = await siteOn(
      module,
      { users: { of } },
      {
        '/passport': (ctx) => {
          ctx.session.passport = { user: 7 }
        },
      },
    )
    await site.browser().get('/passport')
    const args = ['sessions', '--store', module, '--of', 'passport.user', '--user', '7']
    const { code, out } = await run(args)
    expect([code, handlesIn(out).length]).toEqual([0, 1])
    expect(await run([...args, '--end-all'])).toMatchObject({ code: 0, out: 'ended: 1\n' })
  })

  test('without --store it takes the store of the config', async () => {
    const module = emptyStore('own')
    await loggedIn(await siteOn(module))
    const file = join(folder, 'own-config.mjs')
    writeFileSync(
      file,
      `import store from ${JSON.stringify(module)}
      export default { store, users: { of: (session) => session.user } }`,
    )
    const { code, out } = await run(['sessions', '--config', file, '--user', 'ada'])
    expect([code, handlesIn(out).length]).toEqual([0, 1])
  })

  test('what a browser sent cannot steer the terminal', async () => {
    const module = emptyStore('steer')
    const site = await siteOn(module)
    await site.browser().get('/login', { 'user-agent': 'a\u009b2Jb é' })
    const { out } = await run(['sessions', '--store', module, '--of', 'user', '--user', 'ada'])
    expect(out).toContain('{"agent":"a\\u009b2Jb \\u00e9"}')
    expect(out).toMatch(/^[\x20-\x7e\n]+$/)
  })

  test('a store without scan: only what is in the list, and it says so', async () => {
    const module = join(folder, 'weak.mjs')
    writeFileSync(
      module,
      `const sessions = new Map()
      export default {
        get: (sid) => sessions.get(sid), set: (sid, session) => void sessions.set(sid, session),
        destroy: (sid) => void sessions.delete(sid),
      }`,
    )
    const args = ['sessions', '--store', module, '--of', 'user', '--user', 'ada']
    const listed = await run(args)
    expect([listed.code, listed.out]).toEqual([0, 'no sessions\n'])
    expect(listed.err).toContain('this store has no scan')
    const ended = await run([...args, '--end-all'])
    expect([ended.code, ended.out]).toEqual([0, 'ended: 0\n'])
    expect(ended.err).toContain('this store has no compare-and-set')
  })

  test('interrupted, it says that not all were looked for', async () => {
    const records = Object.fromEntries(
      Array.from({ length: 1200 }, (_, at) => [
        `koa:sess:${at}`,
        { value: '{"user":"bob"}', expiresAt: Date.now() + 3_600_000 },
      ]),
    )
    const module = fileStore('interrupted', { records, interrupt: 1 })
    const { code, out, err } = await runProcess([
      ...['sessions', '--store', module, '--of', 'user', '--user', 'ada'],
    ])
    expect([code, out]).toEqual([130, 'no sessions\n'])
    expect(err).toContain('interrupted: sessions that are in no list were not all looked for')
    expect(read(module).cursors).toHaveLength(1)
  })

  test('a store that fails: which and why, and no data', async () => {
    const module = fileStore('failing', {
      records: { 'koa:sess:secret-id': { value: '{"secret":1}', expiresAt: 4e12 } },
      down: true,
    })
    const { code, out, err } = await run([
      ...['sessions', '--store', module, '--of', 'user', '--user', 'ada'],
    ])
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(`koa-sess: --store (${module}): it threw an error EDOWN`)
    expect(err).toMatch(/^koa-sess: [^\n]+\n$/)
    expect(err).not.toContain('secret')
  })

  test('a config that throws: where, and no data', async () => {
    const module = emptyStore('any')
    const file = config("(() => { throw new TypeError('secret') })()")
    const { code, err } = await run([
      ...['sessions', '--store', module, '--config', file, '--user', 'ada'],
    ])
    expect(code).toBe(1)
    expect(err).toContain(`koa-sess: --config (${file}): it threw a TypeError`)
    expect(err).not.toContain('secret')
  })
})

describe('what it cannot do, it says in one line', () => {
  const SOME = ['sessions', '--store', 'file.mjs', '--user', 'ada']

  test.each<[string[], RegExp]>([
    [SOME, /cannot know whose a session is: name --config FILE, .* or --of PATH/],
    [[...SOME, '--config', 'a', '--of', 'b'], /leave out --of and --prefix/],
    [[...SOME, '--config', 'a', '--prefix', 'b'], /leave out --of and --prefix/],
    [['sessions', '--of', 'user', '--user', 'ada'], /sessions needs --store STORE/],
    [['sessions', '--of', 'user', '--store', 'a'], /sessions needs --user ID/],
    [[...SOME, '--of', 'user', '--end', 'a', '--end-all'], /exclude each other/],
    [[...SOME, '--of', 'user', 'all'], /one word too many/],
    [[...SOME, '--of', 'user', '--write'], /'--write': see koa-sess --help/],
    [[...SOME, '--of', 'user'], /--store: there is no such module/],
    [[...SOME, '--config', 'none.mjs'], /--config: there is no such module/],
    [[...SOME, '--config', 'text.mjs'], /not the options that session\(\) is called with/],
    [[...SOME, '--config', 'empty.mjs'], /the options have no users\.of/],
    [['sessions', '--user', 'ada', '--config', 'storeless.mjs'], /has no store: name --store/],
    [
      ['sessions', '--user', 'ada', '--store', 'store.mjs', '--config', 'wrong.mjs'],
      /--config: Unknown option hashId/,
    ],
    [['sessions', '--user', 'ada', '--config', 'client.mjs'], /--config: options\.store needs/],
  ])('%j', async (args, message) => {
    const files = {
      'text.mjs': "'a text'",
      'empty.mjs': '{}',
      'storeless.mjs': '{ users: { of: () => 1 } }',
      'wrong.mjs': '{ hashId: true, users: { of: () => 1 } }',
      'client.mjs': '{ store: { get() {} }, users: { of: () => 1 } }',
      'store.mjs': '{ get() {}, set() {}, destroy() {} }',
    }
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(folder, name), `export default ${text}`)
    const { code, out, err } = await run(args)
    expect(err).toMatch(message)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^koa-sess: [^\n]+\n$/)
  })

  test('a handle that begins with a dash is no option', async () => {
    const module = fileStore('dash', { records: {} })
    const args = ['sessions', '--store', module, '--of', 'user', '--user', 'ada']
    const { code, err } = await run([...args, '--end', `-${'x'.repeat(21)}`])
    expect([code, err]).toEqual([1, expect.stringContaining('there is no such session')])
  })

  test('its help', async () => {
    const { code, out } = await run(['sessions', '--help'])
    expect([code, out]).toEqual([0, expect.stringContaining('--end HANDLE')])
  })
})
