import { Redis } from 'ioredis'
import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'
import type { SessionStore } from '../../src/index.js'
import { RedisStore } from '../../src/stores/redis/store.js'
import { MysqlStore } from '../../src/stores/sql/mysql.js'
import { PostgresStore } from '../../src/stores/sql/postgres.js'
import { SqliteStore } from '../../src/stores/sql/sqlite.js'
import { libsql } from '../support/sqlite.js'
import { serveSteps } from './steps.js'

// One server of several on the same store; the test that forked it hears where it listens.
const { STORE_URL = '', PREFIX = '', ROLLING, DEFER } = process.env

const STORES: Record<string, () => SessionStore & { setup?(): Promise<void> }> = {
  'redis:': () => new RedisStore({ client: new Redis(STORE_URL) }),
  'file:': () => new SqliteStore({ client: libsql.open(new URL(STORE_URL).pathname) }),
  'postgres:': () => new PostgresStore({ client: new Pool({ connectionString: STORE_URL }) }),
  'mysql:': () => new MysqlStore({ client: createPool(STORE_URL) }),
}

const store = STORES[new URL(STORE_URL).protocol]?.()
if (!store) throw new Error('STORE_URL is of no store')
await store.setup?.()
const site = await serveSteps({
  store,
  prefix: PREFIX,
  rolling: ROLLING === 'true',
  defer: DEFER === 'true',
})
process.send?.(site.origin)
process.once('disconnect', () => process.exit())
