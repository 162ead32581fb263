import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'
import postgres from 'postgres'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MysqlStore } from '../../src/stores/sql/mysql.js'
import { PostgresStore } from '../../src/stores/sql/postgres.js'
import { SqliteStore, type SqliteStoreOptions } from '../../src/stores/sql/sqlite.js'
import type { SqlStore } from '../../src/stores/sql/store.js'
import { databaseUrl } from '../services/databases.js'
import { MariadbServer } from '../services/mariadb.js'
import { PostgresServer } from '../services/postgres.js'
import type { Server } from '../services/server.js'
import { type Routes, serve } from '../support/site.js'
import { libsql } from '../support/sqlite.js'
import { temporaryFolder } from '../support/temporary.js'

const ROUTES: Routes = {
  '/nothing': () => undefined,
  '/count': (ctx) => {
    ctx.session.count = (ctx.session.count ?? 0) + 1
    return ctx.session.count
  },
}

interface Kind {
  name: string
  start(): Promise<Server & { url: string }>
  open(url: string): [SqlStore, () => Promise<unknown>]
}

const KINDS: Kind[] = [
  {
    name: 'pg',
    start: () => PostgresServer.start(),
    open(url) {
      const client = new Pool({ connectionString: url })
      return [new PostgresStore({ client }), () => client.end()]
    },
  },
  {
    name: 'postgres.js',
    start: () => PostgresServer.start(),
    open(url) {
      const client = postgres(url, { backoff: () => 0.02, onnotice: () => undefined })
      return [new PostgresStore({ client }), () => client.end({ timeout: 0 })]
    },
  },
  {
    name: 'mysql2',
    start: () => MariadbServer.start(),
    open(url) {
      const client = createPool(url)
      return [new MysqlStore({ client }), () => client.end()]
    },
  },
]

describe.each(KINDS)('a database that goes away, through $name', ({ start, open }) => {
  let end: (() => Promise<unknown>) | undefined
  afterEach(() => end?.())

  test('requests with a session get a 503, the others go on, and service returns by itself', async () => {
    const server = await start()
    const [store, close] = open(server.url)
    await store.setup()
    const site = await serve(ROUTES, { store })
    end = async () => {
      await site.close()
      store.close()
      await close()
      await server[Symbol.asyncDispose]()
    }
    const user = site.browser()
    // More than one connection stays idle, and each of them breaks.
    await Promise.all(Array.from({ length: 5 }, () => user.get('/count')))
    const before = Number((await user.get('/count')).json())
    await server.stop()
    for (let visit = 0; visit < 3; visit++) {
      const reply = await user.get('/count')
      expect([reply.status, reply.cookies]).toEqual([503, []])
    }
    expect((await site.browser().get('/nothing')).status).toBe(200)
    expect(new Set(site.errors.map((error) => Reflect.get(error, 'code')))).toEqual(
      new Set(['ERR_SESSION_UNAVAILABLE']),
    )
    expect(site.errors[0]?.cause).toBeInstanceOf(Error)
    await server.start()
    const again = async () => (await user.get('/count')).status
    await expect.poll(again, { timeout: 40_000 }).toBe(200)
    expect((await user.get('/count')).json()).toBe(before + 2)
  })
})

test('close() takes the listener off the pool, and leaves the pool to its owner', async () => {
  const client = new Pool()
  const before = client.listenerCount('error')
  const store = new PostgresStore({ client })
  expect(client.listenerCount('error')).toBe(before + 1)
  store.close()
  expect(client.listenerCount('error')).toBe(before)
  expect(client.ended).toBe(false)
})

test('stores that share a pool share one listener, which the last one removes', () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const client = new Pool()
  const stores = Array.from({ length: 20 }, (_, at) => {
    return new PostgresStore({ client, table: `t${at}`, pruneInterval: 0 })
  })
  expect(client.listenerCount('error')).toBe(1)
  for (const store of stores.slice(1)) {
    store.close()
    store.close()
  }
  expect(client.listenerCount('error')).toBe(1)
  stores[0]?.close()
  expect(client.listenerCount('error')).toBe(0)
  expect(warn).not.toHaveBeenCalled()
  warn.mockRestore()
})

/** A database of its own on the server that the tests share. `set` changes a default of new connections. */
async function ownDatabase() {
  const url = new URL(await databaseUrl('postgres'))
  const owner = new Pool({ connectionString: url.href })
  const name = `outage_${process.pid}_${databases++}`
  await owner.query(`CREATE DATABASE ${name}`)
  const connections = async () => {
    const { rowCount } = await owner.query('SELECT 1 FROM pg_stat_activity WHERE datname = $1', [
      name,
    ])
    return rowCount
  }
  url.pathname = name
  return {
    url: url.href,
    run: (statement: string) => owner.query(statement),
    set: (setting: string) => owner.query(`ALTER DATABASE ${name} SET ${setting}`),
    reset: () => owner.query(`ALTER DATABASE ${name} RESET ALL`),
    connections,
    async [Symbol.asyncDispose]() {
      // Pools send their goodbye, and do not wait for the server to read it.
      await expect.poll(connections).toBe(0)
      await owner.query(`DROP DATABASE ${name}`)
      await owner.end()
    },
  }
}
let databases = 0

/** Creates the table, and a record in it. */
async function setUp(open: () => ReturnType<Kind['open']>): Promise<void> {
  const [store, end] = open()
  await store.setup()
  await store.create('key', 'value', later)
  store.close()
  await end()
}

const POSTGRES = KINDS.filter(({ name }) => name !== 'mysql2')
const UNAVAILABLE = { code: 'ERR_SESSION_UNAVAILABLE', status: 503 }
const later = Date.now() + 3_600_000

test.each(POSTGRES)('PostgreSQL that is read-only for a while, through $name', async ({ open }) => {
  const database = await ownDatabase()
  await setUp(() => open(database.url))
  await database.set('default_transaction_read_only = on')
  const [store, end] = open(database.url)
  expect(await store.load('key')).toBe('value')
  await expect(async () => store.destroy('key')).rejects.toMatchObject(UNAVAILABLE)
  expect(await store.load('key')).toBe('value')
  await database.reset()
  // Connections of before keep the old default: it recovers only if the store drops them.
  await expect
    .poll(async () => (await store.create('other', 'value', later)) || true, { timeout: 20_000 })
    .toBe(true)
  expect(await store.load('other')).toBe('value')
  store.close()
  await end()
  await database[Symbol.asyncDispose]()
})

test.each(POSTGRES)('PostgreSQL that ends idle connections, through $name', async ({ open }) => {
  const database = await ownDatabase()
  await setUp(() => open(database.url))
  await database.set('idle_session_timeout = 100')
  const [store, end] = open(database.url)
  for (const key of ['a', 'b']) {
    await expect.poll(() => database.connections()).toBe(0)
    // The first write may be sent before the client knows that its connection has ended: a 503.
    const first = await Promise.resolve(store.create(key, 'value', later)).catch((error) => error)
    if (first !== true) expect(first).toMatchObject(UNAVAILABLE)
    const writeAndRead = async () => {
      await store.create(key, 'value', later)
      return store.load(key)
    }
    await expect.poll(writeAndRead).toBe('value')
  }
  store.close()
  await end()
  await database[Symbol.asyncDispose]()
})

test.each(POSTGRES)('PostgreSQL without a free connection, through $name', async ({ open }) => {
  const database = await ownDatabase()
  const role = new URL(database.url).pathname.slice(1)
  await database.run(`CREATE ROLE ${role} LOGIN; ALTER DATABASE ${role} OWNER TO ${role}`)
  const url = database.url.replace('postgres@', `${role}@`)
  await setUp(() => open(url))
  await database.run(`ALTER ROLE ${role} CONNECTION LIMIT 0`)
  const [store, end] = open(url)
  await expect(async () => store.load('key')).rejects.toMatchObject({
    ...UNAVAILABLE,
    cause: { code: '53300' },
  })
  await database.run(`ALTER ROLE ${role} CONNECTION LIMIT -1`)
  await expect.poll(() => store.load('key'), { timeout: 20_000 }).toBe('value')
  store.close()
  await end()
  await database[Symbol.asyncDispose]()
  await dropRole(role)
})

async function dropRole(role: string): Promise<void> {
  const owner = new Pool({ connectionString: await databaseUrl('postgres') })
  await owner.query(`DROP ROLE ${role}`)
  await owner.end()
}

test('MySQL that is read-only for a while', async () => {
  const server = await MariadbServer.start()
  const owner = createPool(server.url)
  await owner.query("CREATE USER app@'%'")
  await owner.query("GRANT ALL ON test.* TO app@'%'")
  const client = createPool(server.url.replace('root@', 'app@'))
  const store = new MysqlStore({ client, pruneInterval: 0 })
  await store.setup()
  await store.create('key', 'value', later)
  await owner.query('SET GLOBAL read_only = 1')
  await expect(store.destroy('key')).rejects.toMatchObject(UNAVAILABLE)
  expect(await store.load('key')).toBe('value')
  await owner.query('SET GLOBAL read_only = 0')
  expect(await store.destroy('key')).toBe(true)
  for (const pool of [client, owner]) await pool.end()
  await server[Symbol.asyncDispose]()
})

describe('an SQLite file that another process has locked', () => {
  const path = temporaryFolder()
  let handles: Handle[]
  let other: Handle
  let files = 0
  beforeEach(() => {
    files++
    handles = []
    other = handle()
  })
  afterEach(() => {
    for (const one of handles) one.close()
  })
  type Handle = ReturnType<typeof libsql.open>
  function handle(): Handle {
    const opened = libsql.open(path(`${files}.db`))
    handles.push(opened)
    return opened
  }
  async function locked(options: Partial<SqliteStoreOptions> = {}): Promise<SqliteStore> {
    const client = handle()
    // As better-sqlite3 opens a file.
    client.prepare('PRAGMA busy_timeout = 5000').get()
    const store = new SqliteStore({ client, pruneInterval: 0, ...options })
    await store.setup()
    store.create('key', 'value', later)
    other.prepare('BEGIN IMMEDIATE').run()
    return store
  }
  const release = () => other.prepare('COMMIT').run()

  test('a write waits, and nothing else does', async () => {
    const store = await locked()
    let isDone = false
    const write = Promise.resolve(store.create('other', 'value', later)).then((isCreated) => {
      isDone = true
      return isCreated
    })
    expect(store.load('key')).toBe('value')
    await new Promise(setImmediate)
    expect(isDone).toBe(false)
    release()
    expect(await write).toBe(true)
    other.prepare('BEGIN IMMEDIATE').run()
    const extended = store.load('key', later + 1)
    await new Promise(setImmediate)
    release()
    expect(await extended).toBe('value')
    // Where nothing is locked, it answers at once.
    expect(store.destroy('other')).toBe(true)
  })

  test('over HTTP: other requests are served, and the one that waits succeeds', async () => {
    const store = await locked({ commandTimeout: 60_000 })
    const site = await serve(ROUTES, { store })
    const waiting = site.browser().get('/count')
    expect((await site.browser().get('/nothing')).status).toBe(200)
    release()
    expect((await waiting).status).toBe(200)
    await site.close()
  })

  test('over HTTP: a 503 past commandTimeout, and no cookie', async () => {
    const site = await serve(ROUTES, { store: await locked({ commandTimeout: 20 }) })
    expect(await site.browser().get('/count')).toMatchObject({ status: 503, cookies: [] })
    release()
    expect(await site.browser().get('/count')).toMatchObject({ status: 200 })
    await site.close()
  })

  test('writes that wait are done in the order in which they came', async () => {
    const store = await locked({ commandTimeout: 60_000 })
    const writes = Array.from({ length: 20 }, (_, at) => {
      return store.replace('key', at === 0 ? 'value' : `${at - 1}`, `${at}`, later)
    })
    release()
    expect(await Promise.all(writes)).toEqual(writes.map(() => ({ ok: true })))
    expect(store.load('key')).toBe('19')
  })

  test('a write is a 503 past commandTimeout, and is not done later', async () => {
    const store = await locked({ commandTimeout: 20 })
    const write = Promise.resolve(store.destroy('key'))
    await expect(write).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: expect.stringContaining('commandTimeout (20 ms)'),
      cause: expect.any(Error),
    })
    release()
    expect(store.load('key')).toBe('value')
    expect(store.destroy('key')).toBe(true)
  })

  test('a call that found it locked leaves nothing to the calls after it', async () => {
    const store = await locked({ commandTimeout: 20 })
    for (const call of [
      () => store.load('key', later + 1),
      () => store.create('late', 'x', later),
      () => store.replace('key', 'value', 'late', later),
    ])
      await expect(Promise.resolve(call())).rejects.toMatchObject(UNAVAILABLE)
    release()
    store.create('other', 'of another user', later)
    expect(store.load('other', later + 2)).toBe('of another user')
    expect(store.replace('key', 'value', 'new', later)).toEqual({ ok: true })
    // What another process sees.
    const reader = new SqliteStore({ client: handle(), pruneInterval: 0 })
    const seen = ['key', 'other', 'late'].map((key) => reader.load(key))
    expect(seen).toEqual(['new', 'of another user', undefined])
  })

  test('pruning, scanning and setup wait as well', async () => {
    const store = await locked({ commandTimeout: 60_000 })
    const work = Promise.all([store.prune(), store.scan(''), store.setup()])
    await new Promise(setImmediate)
    release()
    expect(await work).toMatchObject([0, { records: [{ key: 'key' }] }, undefined])
  })
})
