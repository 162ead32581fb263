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

/** Where a store is, and the client that connects to it. */
export interface Address {
  client: 'memory' | 'sqlite' | 'ioredis' | 'node-redis' | 'cluster' | 'sentinel' | 'pg' | 'mysql2'
  url: string
  nodes?: { host: string; port: number }[]
  /** What Sentinel calls the primary. */
  group?: string
  /** How many replicas a write waits for. */
  replicas?: number
}

export interface OpenOptions {
  /** 0 or 1: two separate sets of sessions on one server. */
  space: number
  /** How long a command may take, in ms. */
  commandTimeout: number
}

type Open = (address: Address, options: OpenOptions) => SessionStore | Promise<SessionStore>

const OPEN: Record<Address['client'], Open> = {
  memory: () => new MemoryStore(),
  sqlite: ({ url }, { space }) => settled(new SqliteStore({ client: libsql.open(url + space) })),
  ioredis: (address, options) => redis(new Redis(address.url, { db: options.space }), options),
  'node-redis': async (address, options) => {
    const client = createClient({ url: address.url, database: options.space })
    const store = redis(client, options)
    await client.connect()
    return store
  },
  cluster: ({ nodes = [], replicas }, options) =>
    redis(new Cluster(nodes, { maxRedirections: 50 }), options, replicas),
  sentinel: ({ nodes = [], group = '', replicas }, options) =>
    redis(new Redis({ sentinels: nodes, name: group, failoverDetector: true }), options, replicas),
  pg: ({ url }, { space, commandTimeout }) => {
    const client = new Pool({ connectionString: url, connectionTimeoutMillis: commandTimeout })
    return settled(new PostgresStore({ client, table: `sessions_${space}`, commandTimeout }))
  },
  mysql2: ({ url }, { space, commandTimeout }) => {
    const client = createPool({ uri: url, connectTimeout: commandTimeout })
    return settled(new MysqlStore({ client, table: `sessions_${space}`, commandTimeout }))
  },
}

export function open(address: Address, options: OpenOptions): SessionStore | Promise<SessionStore> {
  return OPEN[address.client](address, options)
}

type Client = RedisClient & { on(event: 'error', listener: () => void): unknown }

function redis(client: Client, { commandTimeout }: OpenOptions, replicas?: number): RedisStore {
  // Failed requests are reported anyway; without this listener the client prints each error too.
  client.on('error', () => undefined)
  const waitReplicas =
    replicas === undefined ? undefined : { replicas, timeout: commandTimeout / 2 }
  return new RedisStore({ client, commandTimeout, waitReplicas })
}

async function settled<T extends { setup(): Promise<void> }>(store: T): Promise<T> {
  await store.setup()
  return store
}
