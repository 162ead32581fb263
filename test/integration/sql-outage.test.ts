import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'
import postgres from 'postgres'
import { afterEach, describe, expect, test } from 'vitest'
import { MysqlStore } from '../../src/stores/sql/mysql.js'
import { PostgresStore } from '../../src/stores/sql/postgres.js'
import { SqliteStore } from '../../src/stores/sql/sqlite.js'
import type { SqlStore } from '../../src/stores/sql/store.js'
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

const path = temporaryFolder()

test('a write waits for another process that holds the SQLite file, and is a 503 past busy_timeout', async () => {
  const [mine, other] = [libsql.open(path('a.db')), libsql.open(path('a.db'))]
  const store = new SqliteStore({ client: mine, pruneInterval: 0 })
  await store.setup()
  expect(mine.prepare('PRAGMA busy_timeout').get()).toMatchObject({ timeout: 5000 })
  mine.prepare('PRAGMA busy_timeout = 20').get()
  await store.setup()
  expect(mine.prepare('PRAGMA busy_timeout').get()).toMatchObject({ timeout: 20 })
  store.create('key', 'value', Date.now() + 60_000)
  other.prepare('BEGIN IMMEDIATE').run()
  expect(store.load('key')).toBe('value')
  expect(() => store.destroy('key')).toThrow(
    expect.objectContaining({ code: 'ERR_SESSION_UNAVAILABLE', status: 503 }),
  )
  other.prepare('COMMIT').run()
  expect(store.destroy('key')).toBe(true)
  for (const handle of [mine, other]) handle.close()
})
