import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { SessionStore } from '../stores/contract.js'
import { EMPTY_STORE } from '../stores/migrating/one-database.js'
import {
  type Constructor,
  type Exports,
  type Factory,
  importDriver,
  namedExport,
} from './driver.js'
import type { OpenedStore, OpenUrl, Role } from './opened-store.js'
import { UsageError } from './usage.js'

interface SqlStore extends SessionStore {
  setup(): Promise<unknown>
  close?(): void
}

/** A pool or client of pg, postgres.js or mysql2. */
interface Endable {
  end(): Promise<unknown>
}

/** Prepared statements do not pass PgBouncer before 1.21, nor each ProxySQL. */
const UNPREPARED = { prepare: false }
/** By preference. */
const SQLITE_DRIVERS = ['better-sqlite3', 'libsql', 'node:sqlite']
/** How long connecting may take, in s. */
const CONNECT_TIMEOUT = 10

/** The client that a store is built on, and the function that closes it. */
type Connection = [client: object, close: () => unknown]

interface SqlSetup {
  load: () => Promise<Exports>
  className: string
  /** Options of the store beside `client`. */
  options?: object
  /** Drivers by preference. */
  drivers: string[]
  connect: (driverName: string, driver: Exports) => Connection
}

export const openPostgres: OpenUrl = (url, role) =>
  openSql(role, {
    load: () => import('../stores/sql/postgres.js'),
    className: 'PostgresStore',
    options: UNPREPARED,
    drivers: ['pg', 'postgres'],
    connect: (driverName, driver) => {
      const client =
        driverName === 'pg'
          ? new (namedExport<Constructor<Endable>>(driver, 'Pool'))({
              connectionString: url,
              connectionTimeoutMillis: CONNECT_TIMEOUT * 1000,
            })
          : namedExport<Factory<Endable>>(driver, 'default')(url, {
              connect_timeout: CONNECT_TIMEOUT,
            })
      return [client, () => client.end()]
    },
  })

export const openMysql: OpenUrl = (url, role) =>
  openSql(role, {
    load: () => import('../stores/sql/mysql.js'),
    className: 'MysqlStore',
    options: UNPREPARED,
    drivers: ['mysql2/promise'],
    connect: (_, driver) => {
      const pool = namedExport<Factory<Endable>>(driver, 'createPool')(url)
      return [pool, () => pool.end()]
    },
  })

export const openSqlite: OpenUrl = async (url, role, isDryRun) => {
  const file = resolve(url.slice('sqlite:'.length))
  const isNew = !existsSync(file)
  // SQLite would create an empty database, and there would be nothing in it.
  if (isNew && role !== 'to') throw new UsageError(`--${role}: there is no such SQLite file`)
  if (isNew && !existsSync(dirname(file)))
    throw new UsageError(`--${role}: the folder of the SQLite file is missing`)
  if (isNew && isDryRun) {
    await importDriver(role, SQLITE_DRIVERS)
    return { store: EMPTY_STORE, isNew, close: () => undefined }
  }
  return openSql(role, {
    load: () => import('../stores/sql/sqlite.js'),
    className: 'SqliteStore',
    drivers: SQLITE_DRIVERS,
    connect: (driverName, driver) => {
      const Database = namedExport<Constructor<{ close(): void }>>(
        driver,
        driverName === 'node:sqlite' ? 'DatabaseSync' : 'default',
      )
      const database = new Database(file)
      return [database, () => database.close()]
    },
  })
}

async function openSql(
  role: Role,
  { load, className, options, drivers, connect }: SqlSetup,
): Promise<OpenedStore> {
  const Store = namedExport<Constructor<SqlStore>>(await load(), className)
  const [client, close] = connect(...(await importDriver(role, drivers)))
  // The command deletes nothing, expired rows included.
  const store = new Store({ client, pruneInterval: 0, ...options })
  return {
    store,
    setup: () => store.setup(),
    close: () => {
      store.close?.()
      return close()
    },
  }
}
