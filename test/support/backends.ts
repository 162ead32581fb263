import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { inject } from 'vitest'
import { type LegacyStore, MemoryStore, type SessionStore } from '../../src/index.js'
import { isSessionStore, type StoredSession } from '../../src/stores/contract.js'
import { migrating } from '../../src/stores/migrating/store.js'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import { MysqlStore } from '../../src/stores/sql/mysql.js'
import type { SqlStoreOptions } from '../../src/stores/sql/options.js'
import { PostgresStore } from '../../src/stores/sql/postgres.js'
import { SqliteStore } from '../../src/stores/sql/sqlite.js'
import type { SqlStore } from '../../src/stores/sql/store.js'
import { databaseUrl } from '../services/databases.js'
import { shared } from './shared.js'
import { libsql } from './sqlite.js'

/** A store of some kind, opened for one test file, and a look behind its back. */
export interface Opened {
  store: SessionStore | LegacyStore
  /** Keeps the keys of this test file apart. */
  prefix: string
  /** The live records, by key; tombstones are none. */
  records(): Promise<Map<string, StoredSession>>
  /** Takes a record away, as an expiry or an administrator would. */
  remove(key: string): Promise<unknown>
  close(): Promise<unknown>
}

export interface Backend {
  name: string
  /** Has compare-and-set, and so every guarantee. */
  strong: boolean
  open(now?: () => number): Promise<Opened>
}

type RedisClient = RedisStoreOptions['client']

type Table = Map<string, { session: string; until: number }>

// The clocks of other tests may be years ahead: nothing is pruned.
const QUIET = { pruneInterval: 0 }

/** Counts the calls that reach a store. */
export function counted<S extends object>(store: S): { store: S; calls: string[] } {
  const calls: string[] = []
  const proxy = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (name !== 'on' && name !== 'off') calls.push(String(name))
        return value.apply(target, args)
      }
    },
  })
  return { store: proxy, calls }
}

const memory: Backend = {
  name: 'MemoryStore',
  strong: true,
  async open(now) {
    const keys = new Set<string>()
    const store = new MemoryStore(now ? { now } : {})
    const create = store.create.bind(store)
    store.create = (key, ...rest) => {
      keys.add(key)
      return create(key, ...rest)
    }
    const records = () => collect([...keys], async (key) => store.load(key))
    return {
      store,
      prefix: 'memory:',
      records,
      remove: async (key) => store.destroy(key),
      close: async () => undefined,
    }
  },
}

/** Two stores as one, where every session begins in the old one, and so moves with its first write. */
export function beginsInFrom(
  from: SessionStore,
  to: SessionStore,
  now: () => number = Date.now,
): SessionStore {
  const store = migrating({ from, to, now })
  const still = migrating({ from, to, now, move: false })
  store.create = (key, ...rest) => still.create(key, ...rest)
  return store
}

const moving: Backend = {
  name: 'migrating',
  strong: true,
  async open(now) {
    const [from, to] = [await memory.open(now), await memory.open(now)]
    if (!isSessionStore(from.store) || !isSessionStore(to.store)) throw new Error('not strong')
    const store = beginsInFrom(from.store, to.store, now)
    return {
      ...from,
      store,
      // What counts is what the store says of a key.
      records: async () => {
        const keys = new Set([...(await from.records()).keys(), ...(await to.records()).keys()])
        return collect([...keys], async (key) => store.load(key))
      },
      remove: async (key) => store.destroy(key),
    }
  },
}

export const ioredis = redis(
  'RedisStore, ioredis',
  shared(
    async () => new Redis(inject('redisUrl')),
    (client) => client.quit(),
  ),
)
const iovalkey = redis(
  'RedisStore, iovalkey',
  shared(
    async () => new Valkey(inject('redisUrl')),
    (client) => client.quit(),
  ),
)
const nodeRedis = redis(
  'RedisStore, node-redis',
  shared(
    async () => createClient({ url: inject('redisUrl') }).connect(),
    (client) => client.close(),
  ),
)

const sqlite = sqliteAt(':memory:')

const postgresPool = shared(
  async () => {
    const client = new Pool({ connectionString: await databaseUrl('postgres') })
    await new PostgresStore({ client, ...QUIET }).setup()
    return client
  },
  (client) => client.end(),
)

export const postgres = table('PostgresStore', async (options) => {
  const store = new PostgresStore({ client: await postgresPool(), ...options })
  return [store, () => store.close()]
})

const mysqlPool = shared(
  async () => {
    const client = createPool(await databaseUrl('mysql'))
    await new MysqlStore({ client, ...QUIET }).setup()
    return client
  },
  (client) => client.end(),
)

export const mysql = table('MysqlStore', async (options) => {
  const store = new MysqlStore({ client: await mysqlPool(), ...options })
  return [store, () => store.close()]
})

/** In a file, or with `:memory:` in one of its own. */
export function sqliteAt(path: string): Backend {
  return table('SqliteStore', async (options) => {
    const client = libsql.open(path)
    const store = new SqliteStore({ client, ...options })
    await store.setup()
    return [store, () => client.close()]
  })
}

/** An SQL store with its table, and what closes it. */
function table(
  name: string,
  connect: (options: SqlStoreOptions) => Promise<[SqlStore, () => unknown]>,
): Backend {
  return {
    name,
    strong: true,
    async open(now = Date.now) {
      const [store, close] = await connect({ now, ...QUIET })
      const prefix = `test:${randomUUID()}:`
      return {
        store,
        prefix,
        async records() {
          const { records } = await store.scan(prefix, undefined, 1000)
          return sessions(records.map(({ key, value }) => [key, value]))
        },
        remove: async (key) => store.destroy(key),
        close: async () => close(),
      }
    },
  }
}

/** RedisStore on a client that all tests of a file share. */
function redis(name: string, connect: () => Promise<RedisClient & Commands>): Backend {
  return {
    name,
    strong: true,
    async open(now) {
      const client = await connect()
      return openRedis(client, client, now)
    },
  }
}

/** The client's own commands. */
interface Commands {
  keys(pattern: string): Promise<string[]>
  get(key: string): Promise<string | null>
  del(key: string): Promise<unknown>
}

/** RedisStore on a client, with keys of its own. The client stays open. */
export function openRedis(client: RedisClient, commands: Commands, now?: () => number): Opened {
  const prefix = `test:${randomUUID()}:`
  const store = new RedisStore(now ? { client, now } : { client })
  return {
    store,
    prefix,
    records: async () => collect(await commands.keys(`${prefix}*`), (key) => commands.get(key)),
    remove: (key) => commands.del(key),
    close: async () => store.close(),
  }
}

/** A store of the older contract, and the three ways that its methods may answer. */
function classic(name: string, answer: (work: () => unknown) => unknown): Backend {
  return {
    name,
    strong: false,
    async open(now = Date.now) {
      const table: Table = new Map()
      const store: LegacyStore = {
        get: (sid) =>
          answer(() => {
            const row = table.get(sid)
            return row && row.until > now() ? JSON.parse(row.session) : null
          }),
        set: (sid, session, ttl) =>
          answer(() => {
            table.set(sid, { session: JSON.stringify(session), until: now() + ttl })
          }),
        destroy: (sid) =>
          answer(() => {
            table.delete(sid)
          }),
      }
      const records = () => collect([...table.keys()], async (key) => table.get(key)?.session)
      return {
        store,
        prefix: 'classic:',
        records,
        remove: async (key) => table.delete(key),
        close: async () => undefined,
      }
    },
  }
}

const promises = classic('a store of promises', async (work) => work())

const thunks = classic(
  'a store of thunks',
  (work) => (callback: (error: unknown, value?: unknown) => void) => {
    setImmediate(() => {
      try {
        callback(null, work())
      } catch (error) {
        callback(error)
      }
    })
  },
)

const generators = classic('a store of generators', function* (work): Generator<
  unknown,
  unknown,
  unknown
> {
  const value = yield Promise.resolve().then(work)
  // A generator may yield what co accepts: thunks and further generators too.
  yield (callback: (error: unknown) => void) => setImmediate(callback, null)
  return value
})

async function collect(keys: string[], get: (key: string) => Promise<string | null | undefined>) {
  return sessions(await Promise.all(keys.map(async (key) => [key, await get(key)] as const)))
}

function sessions(values: (readonly [key: string, value: string | null | undefined])[]) {
  const records = new Map<string, StoredSession>()
  for (const [key, text] of values) {
    const value: unknown = JSON.parse(text ?? 'null')
    if (typeof value === 'object' && value !== null) records.set(key, value as StoredSession)
  }
  return records
}

export const STRONG: Backend[] = [
  memory,
  ioredis,
  nodeRedis,
  iovalkey,
  sqlite,
  postgres,
  mysql,
  moving,
]
export const WEAK: Backend[] = [promises, thunks, generators]
export const BACKENDS: Backend[] = [...STRONG, ...WEAK]
/** One of each kind, where a test is about the middleware and not about the store. */
export const SOME: Backend[] = [
  memory,
  ioredis,
  sqlite,
  postgres,
  mysql,
  moving,
  promises,
  thunks,
  generators,
]
