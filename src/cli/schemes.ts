import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { SessionStore } from '../stores/contract.js'
import { RedisStore } from '../stores/redis/store.js'
import type { OpenedStore } from './stores.js'
import { UsageError } from './usage.js'

type Open = (target: string, role: 'from' | 'to') => Promise<OpenedStore>
type Exports = Record<string, unknown>
/** A class or a function of a driver. */
type Make<T> = new (...args: unknown[]) => T
type Call<T> = (...args: unknown[]) => T

/** What the stores are opened with: a scheme, and the drivers that serve it, the first one first. */
export const SCHEMES: Record<string, Open> = {
  redis,
  rediss: redis,
  postgres,
  postgresql: postgres,
  mysql: (url, role) =>
    sql(
      () => import('../stores/sql/mysql.js'),
      'MysqlStore',
      role,
      ['mysql2/promise'],
      (_, driver) => {
        const pool = pick<Call<Closing>>(driver, 'createPool')(url)
        return [pool, () => pool.end()]
      },
    ),
  sqlite: (target, role) => {
    const file = resolve(target.slice('sqlite:'.length))
    if (role === 'from' && !existsSync(file))
      throw new UsageError('--from: there is no such file of SQLite')
    const drivers = ['better-sqlite3', 'libsql', 'node:sqlite']
    return sql(
      () => import('../stores/sql/sqlite.js'),
      'SqliteStore',
      role,
      drivers,
      (name, driver) => {
        const Database = pick<Make<{ close(): void }>>(
          driver,
          name === 'node:sqlite' ? 'DatabaseSync' : 'default',
        )
        const database = new Database(file)
        return [database, () => database.close()]
      },
    )
  },
}

type RedisClient = ConstructorParameters<typeof RedisStore>[0]['client']

interface Closing {
  end(): Promise<unknown>
}

interface IoRedis {
  connect(): Promise<unknown>
  disconnect(): void
  destroy(): void
  on(event: 'error', listener: () => void): unknown
}

async function redis(url: string, role: 'from' | 'to'): Promise<OpenedStore> {
  const [name, driver] = await driverOf(role, ['ioredis', 'iovalkey', 'redis'])
  const client =
    name === 'redis'
      ? pick<Call<IoRedis>>(driver, 'createClient')({ url, disableOfflineQueue: true })
      : new (pick<Make<IoRedis>>(driver, 'Redis'))(url, {
          lazyConnect: true,
          maxRetriesPerRequest: 3,
        })
  client.on('error', () => undefined)
  // Nothing is under way by then; and a server that is gone must not keep the command waiting for it.
  const leave = () => (name === 'redis' ? client.destroy() : client.disconnect())
  try {
    await soon(client.connect())
  } catch (error) {
    leave()
    throw error
  }
  const store = new RedisStore({ client: client as unknown as RedisClient })
  return {
    store,
    close: () => {
      store.close()
      leave()
    },
  }
}

function postgres(url: string, role: 'from' | 'to'): Promise<OpenedStore> {
  return sql(
    () => import('../stores/sql/postgres.js'),
    'PostgresStore',
    role,
    ['pg', 'postgres'],
    (name, driver) => {
      const client =
        name === 'pg'
          ? new (pick<Make<Closing>>(driver, 'Pool'))({ connectionString: url })
          : pick<Call<Closing>>(driver, 'default')(url)
      return [client, () => client.end()]
    },
  )
}

interface SqlStore extends SessionStore {
  setup(): Promise<unknown>
  close?(): void
}

async function sql(
  load: () => Promise<Exports>,
  name: string,
  role: 'from' | 'to',
  drivers: string[],
  connect: (name: string, driver: Exports) => [client: object, close: () => unknown],
): Promise<OpenedStore> {
  const Store = pick<Make<SqlStore>>(await load(), name)
  const [client, close] = connect(...(await driverOf(role, drivers)))
  const store = new Store({ client })
  return {
    store,
    setup: () => store.setup(),
    close: () => {
      store.close?.()
      return close()
    },
  }
}

/** The first of the drivers that the current directory has. */
async function driverOf(role: 'from' | 'to', drivers: string[]): Promise<[string, Exports]> {
  const { resolve: find } = createRequire(resolve('package.json'))
  for (const name of drivers) {
    try {
      const found = find(name)
      return [name, await import(found.startsWith('node:') ? found : pathToFileURL(found).href)]
    } catch (error) {
      const code = Reflect.get(Object(error), 'code')
      if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_UNKNOWN_BUILTIN_MODULE') throw error
    }
  }
  throw new UsageError(
    `--${role} needs ${drivers.join(' or ')}: npm install ${drivers[0]} in this directory`,
  )
}

/** An export, wherever a CommonJS module ends up with it. */
function pick<T>(module: Exports, name: string): T {
  const found = module[name] ?? Reflect.get(Object(module.default), name) ?? module.default
  if (typeof found !== 'function')
    throw new UsageError(`the driver has no ${name}: use a newer version of it`)
  return found as T
}

const CONNECT_MS = 10_000

/** Some clients try to connect without end. */
async function soon<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UsageError('Redis cannot be reached')), CONNECT_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
