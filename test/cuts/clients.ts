import { Redis } from 'ioredis'
import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'
import { createClient } from 'redis'
import type { SessionStore } from '../../src/index.js'
import { MysqlStore } from '../../src/mysql.js'
import { PostgresStore } from '../../src/postgres.js'
import { type RedisClient, RedisStore } from '../../src/redis.js'
import { StoreProxy } from '../chaos/store/proxy.js'
import { databaseUrl } from '../services/databases.js'
import { RedisServer } from '../services/redis.js'
import type { Connected } from './stage.js'

interface Client {
  store: SessionStore
  close(): unknown
}

/** So soon a Redis client connects again, in ms: each case waits for it. */
const RECONNECT = 1

export async function ioredis(): Promise<Connected> {
  return redis(async (port) => {
    const client = new Redis({ port, retryStrategy: () => RECONNECT })
    return redisClient(client, () => client.disconnect())
  })
}

export async function nodeRedis(): Promise<Connected> {
  return redis(async (port) => {
    const socket = { port, reconnectStrategy: () => RECONNECT }
    const client = createClient({ socket })
    const opened = redisClient(client, () => client.destroy())
    await client.connect()
    return opened
  })
}

export async function pg(): Promise<Connected> {
  const url = await databaseUrl('postgres')
  return behindProxy(url, async (connectionString) => {
    const client = new Pool({ connectionString })
    const store = new PostgresStore({ client, ...TABLE })
    await store.setup()
    return { store, close: () => client.end() }
  })
}

export async function mysql2(): Promise<Connected> {
  const url = await databaseUrl('mysql')
  return behindProxy(url, async (uri) => {
    const client = createPool({ uri })
    const store = new MysqlStore({ client, ...TABLE })
    await store.setup()
    return { store, close: () => client.end() }
  })
}

const TABLE = { table: 'koa_sess_cuts', pruneInterval: 0 }

type Emitting = RedisClient & { on(event: 'error', listener: () => void): unknown }

function redisClient(client: Emitting, close: () => unknown): Client {
  // A client without a listener prints each cut.
  client.on('error', () => undefined)
  const store = new RedisStore({ client })
  return {
    store,
    close() {
      store.close()
      return close()
    },
  }
}

async function redis(open: (port: number) => Promise<Client>): Promise<Connected> {
  const server = await RedisServer.start()
  const connected = await behindProxy(server.url, (url) => open(Number(new URL(url).port)))
  return {
    ...connected,
    async close() {
      await connected.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

async function behindProxy(
  url: string,
  open: (url: string) => Promise<Client>,
): Promise<Connected> {
  const proxied = new URL(url)
  const proxy = await StoreProxy.start(Number(proxied.port))
  proxied.port = `${proxy.port}`
  const [cut, direct] = [await open(proxied.href), await open(url)]
  return {
    store: cut.store,
    direct: direct.store,
    proxy,
    async close() {
      for (const { close } of [cut, direct]) await close()
      await proxy.close()
    },
  }
}
