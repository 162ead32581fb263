import { Cluster, Redis } from 'ioredis'
import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { MemoryStore, type SessionStore } from '../../../src/index.js'
import { MysqlStore } from '../../../src/mysql.js'
import { PostgresStore } from '../../../src/postgres.js'
import { type RedisClient, RedisStore } from '../../../src/redis.js'
import { SqliteStore } from '../../../src/sqlite.js'
import { libsql } from '../../support/sqlite.js'

/** Where a store is, and through which client it is used. */
export interface Address {
  client: 'memory' | 'sqlite' | 'ioredis' | 'node-redis' | 'cluster' | 'sentinel' | 'pg' | 'mysql2'
  url: string
  nodes?: { host: string; port: number }[]
  /** What Sentinel calls the primary. */
  group?: string
  /** How many replicas a write waits for. */
  replicas?: number
}

const LIMIT_MS = 1000

/** `space`: 0 or 1, two stores that hold nothing of each other. */
type Open = (address: Address, space: number) => SessionStore | Promise<SessionStore>

const OPEN: Record<Address['client'], Open> = {
  memory: () => new MemoryStore(),
  sqlite: ({ url }, space) => settled(new SqliteStore({ client: libsql.open(url + space) })),
  ioredis: ({ url }, space) => redis(quiet(new Redis(url, { db: space }))),
  'node-redis': async ({ url }, space) => {
    const client = createClient({ url, database: space })
    await quiet(client).connect()
    return redis(client)
  },
  cluster: ({ nodes = [], replicas = 1 }) =>
    redis(quiet(new Cluster(nodes, { maxRedirections: 50 })), replicas),
  sentinel: ({ nodes = [], group = '', replicas = 1 }) =>
    redis(quiet(new Redis({ sentinels: nodes, name: group, failoverDetector: true })), replicas),
  pg: ({ url }, space) =>
    settled(
      new PostgresStore({
        client: new Pool({ connectionString: url, connectionTimeoutMillis: LIMIT_MS }),
        table: `sessions_${space}`,
        commandTimeout: LIMIT_MS,
      }),
    ),
  mysql2: ({ url }, space) =>
    settled(
      new MysqlStore({
        client: createPool({ uri: url, connectTimeout: LIMIT_MS }),
        table: `sessions_${space}`,
        commandTimeout: LIMIT_MS,
      }),
    ),
}

export function open(address: Address, space: number): SessionStore | Promise<SessionStore> {
  return OPEN[address.client](address, space)
}

function redis(client: RedisClient, replicas?: number): RedisStore {
  const waitReplicas = replicas === undefined ? undefined : { replicas, timeout: LIMIT_MS / 2 }
  return new RedisStore({ client, commandTimeout: LIMIT_MS, waitReplicas })
}

// Requests report what went wrong; a client without this listener would print it as well.
function quiet<T extends { on(event: 'error', listener: () => void): unknown }>(client: T): T {
  client.on('error', () => undefined)
  return client
}

async function settled<T extends { setup(): Promise<void> }>(store: T): Promise<T> {
  await store.setup()
  return store
}
