import { randomUUID } from 'node:crypto'
import makePgStore from 'connect-pg-simple'
import { RedisStore as ConnectRedis } from 'connect-redis'
import makeMysqlStore from 'express-mysql-session'
import express from 'express-session'
import { Redis } from 'ioredis'
import Keyv from 'keyv'
import redisStore from 'koa-redis'
import makeMemoryStore from 'memorystore'
import { createPool } from 'mysql2'
import { Pool } from 'pg'
import { createClient } from 'redis'
import makeFileStore from 'session-file-store'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import redisDriver from 'unstorage/drivers/redis'
import { inject } from 'vitest'
import { fromExpressStore, fromKeyv, fromUnstorage } from '../../src/adapters.js'
import type { LegacyStore, StoredSession } from '../../src/stores/contract.js'
import { databaseUrl } from '../services/databases.js'
import { shared } from './shared.js'
import { makeFolder } from './temporary.js'

/** A store of another package, behind the adapter that koa-sess has for it. */
export interface Foreign {
  name: string
  /** How finely it keeps deadlines, in ms. */
  precision: number
  /** Tests of the suite that are beyond it. */
  beyond?: string[]
  open(): Promise<{ store: LegacyStore; close(): Promise<unknown> }>
}

const none = async () => undefined

/** A store on a client that all tests of a file share. */
function once<T>(
  connect: () => Promise<T>,
  disconnect: (client: T) => unknown,
  store: (client: T) => LegacyStore,
): Foreign['open'] {
  const client = shared(connect, disconnect)
  return async () => ({ store: store(await client()), close: none })
}

export const fileStore = async (): Promise<{ store: express.Store; close(): Promise<void> }> => {
  const { path, remove } = makeFolder()
  const FileStore = makeFileStore(express)
  // By default it looks six times for a file that is not there.
  const store = new FileStore({ path, retries: 0, reapInterval: -1, logFn() {} })
  return { store, close: async () => remove() }
}

const connectRedis: Foreign = {
  name: 'connect-redis',
  precision: 1000,
  open: once(
    async () => createClient({ url: inject('redisUrl') }).connect(),
    (client) => client.close(),
    (client) => fromExpressStore(new ConnectRedis({ client })),
  ),
}

const memorystore: Foreign = {
  name: 'memorystore',
  precision: 1,
  async open() {
    const Store = makeMemoryStore(express)
    return { store: fromExpressStore(new Store({})), close: none }
  },
}

const expressMemory: Foreign = {
  name: "express-session's MemoryStore",
  precision: 1,
  open: async () => ({ store: fromExpressStore(new express.MemoryStore()), close: none }),
}

const sessionFileStore: Foreign = {
  name: 'session-file-store',
  precision: 1,
  // A name of a file has 255 bytes at most.
  beyond: ['keys of 300 characters'],
  async open() {
    const { store, close } = await fileStore()
    return { store: fromExpressStore(store), close }
  },
}

const connectPgSimple: Foreign = {
  name: 'connect-pg-simple',
  precision: 1000,
  open: once(
    async () => {
      const pool = new Pool({ connectionString: await databaseUrl('postgres') })
      const schemaName = unique()
      await pool.query(`CREATE SCHEMA ${schemaName}`)
      const PgStore = makePgStore(express)
      const options = { createTableIfMissing: true, pruneSessionInterval: false } as const
      return { pool, schemaName, store: new PgStore({ pool, schemaName, ...options }) }
    },
    async ({ pool, schemaName }) => {
      await pool.query(`DROP SCHEMA ${schemaName} CASCADE`)
      await pool.end()
    },
    ({ store }) => fromExpressStore(store),
  ),
}

const expressMysqlSession: Foreign = {
  name: 'express-mysql-session',
  precision: 1000,
  // Its table has 128 characters for a key, and 32 bits for a deadline in seconds.
  beyond: ['keys of 300 characters', 'deadlines of 400 days and of 100 years'],
  open: once(
    async () => {
      const pool = createPool({ uri: await databaseUrl('mysql') })
      const tableName = unique()
      const MysqlStore = makeMysqlStore(express)
      const store = new MysqlStore({ schema: { tableName }, clearExpired: false }, pool)
      await store.onReady()
      return { pool, tableName, store }
    },
    async ({ pool, tableName }) => {
      await pool.promise().query(`DROP TABLE ${tableName}`)
      await pool.promise().end()
    },
    ({ store }) => fromExpressStore(store),
  ),
}

/** An adapter for Keyv over Redis, as the ones of Keyv are. */
export class RedisAdapter {
  opts: unknown
  namespace?: string | undefined

  constructor(readonly client: Redis) {}

  get(key: string) {
    return this.client.get(key)
  }
  async set(key: string, value: string, ttl?: number) {
    await (ttl === undefined ? this.client.set(key, value) : this.client.set(key, value, 'PX', ttl))
  }
  async delete(key: string) {
    return (await this.client.del(key)) === 1
  }
  async clear() {}
}

const keyvMemory: Foreign = {
  name: 'Keyv in memory',
  precision: 1,
  open: async () => ({ store: fromKeyv(new Keyv({ throwOnErrors: true })), close: none }),
}

const keyvRedis: Foreign = {
  name: 'Keyv on Redis',
  precision: 1,
  open: once(
    async () => new Redis(inject('redisUrl')),
    (client) => client.quit(),
    (client) => fromKeyv(new Keyv({ store: new RedisAdapter(client), throwOnErrors: true })),
  ),
}

const unstorageMemory: Foreign = {
  name: 'unstorage in memory',
  precision: 1,
  open: async () => ({ store: fromUnstorage(createStorage()), close: none }),
}

const unstorageFiles: Foreign = {
  name: 'unstorage in files',
  precision: 1,
  async open() {
    const { path, remove } = makeFolder()
    const storage = createStorage({ driver: fsDriver({ base: path }) })
    return { store: fromUnstorage(storage), close: async () => remove() }
  },
}

const unstorageRedis: Foreign = {
  name: 'unstorage on Redis',
  precision: 1,
  open: once(
    async () => createStorage({ driver: redisDriver({ url: inject('redisUrl') }) }),
    (storage) => storage.dispose(),
    fromUnstorage,
  ),
}

const koaRedis: Foreign = {
  name: 'koa-redis',
  precision: 1000,
  open: once(
    async () => redisStore({ url: inject('redisUrl') }),
    (store) => store.quit(),
    (store) => store,
  ),
}

/** As koa-generic-session-mongo and koa-session-mongo are: documents by sid, and methods that are generators. */
class MongoStyleStore implements LegacyStore {
  readonly #documents = new Map<string, { blob: string; ttl: number; updatedAt: Date }>();

  *get(sid: string): Generator<unknown, unknown, { blob: string } | null> {
    const found = yield this.#findOne({ sid })
    return found ? JSON.parse(found.blob) : null
  }

  *set(sid: string, session: StoredSession, ttl: number): Generator {
    const document = { blob: JSON.stringify(session), ttl, updatedAt: new Date() }
    yield (done: (error: unknown) => void) => {
      this.#documents.set(sid, document)
      setImmediate(done, null)
    }
  }

  *destroy(sid: string): Generator {
    yield Promise.resolve().then(() => this.#documents.delete(sid))
  }

  /** What stands for the network: a collection whose TTL index is exact. */
  async #findOne({ sid }: { sid: string }) {
    const found = this.#documents.get(sid)
    return found && found.updatedAt.getTime() + found.ttl > Date.now() ? found : null
  }
}

const mongoStyle: Foreign = {
  name: 'a store in the style of MongoDB',
  precision: 1,
  open: async () => ({ store: new MongoStyleStore(), close: none }),
}

/** A name of its own for what must not meet others' data. */
export const unique = () => `t${randomUUID().replaceAll('-', '')}`

export const FOREIGN: Foreign[] = [
  connectRedis,
  memorystore,
  expressMemory,
  sessionFileStore,
  connectPgSimple,
  expressMysqlSession,
  keyvMemory,
  keyvRedis,
  unstorageMemory,
  unstorageFiles,
  unstorageRedis,
  koaRedis,
  mongoStyle,
]
