import { setTimeout as sleep } from 'node:timers/promises'
import { SessionError } from '../../util/errors.js'
import { hasMethods } from '../../util/shape.js'
import { type Dialect, type Param, quoteName, type Row, type SqlClient } from './dialect.js'
import { isUnavailable, withRetry } from './errors.js'
import { assertSqlOptions, type SqlStoreOptions } from './options.js'
import { SqlStore } from './store.js'

/** A prepared statement of better-sqlite3, libsql or `node:sqlite`, as far as the store uses it. */
export interface SqliteStatementLike {
  run(...params: Param[]): { changes: number | bigint }
  get(...params: Param[]): unknown
  all(...params: Param[]): unknown[]
}

/** An open database of better-sqlite3, libsql or `node:sqlite`, as far as the store uses it. */
export interface SqliteLike {
  prepare(statement: string): SqliteStatementLike
}

export interface SqliteStoreOptions extends SqlStoreOptions {
  /**
   * An open database: better-sqlite3, libsql, or DatabaseSync of `node:sqlite`. The store never closes
   * it.
   */
  client: SqliteLike
}

/** How long a call waits for a writing process, in ms, unless the database has its own busy_timeout. */
const BUSY_TIMEOUT = 5000

/**
 * Stores sessions in an SQLite file, for the processes of one machine. All methods are synchronous,
 * except `setup`, `prune` and `scan`.
 */
export class SqliteStore extends SqlStore {
  readonly #database: SqliteClient

  /**
   * @throws {SessionError} ERR_SESSION_CLIENT if the client is not known; ERR_SESSION_OPTION;
   * ERR_SESSION_DURATION.
   */
  constructor(options: SqliteStoreOptions) {
    const { client, table = 'koa_sess' } = options ?? {}
    if (!isSqlite(client))
      throw new SessionError(
        'ERR_SESSION_CLIENT',
        'new SqliteStore({ client }) takes an open database of better-sqlite3, libsql or node:sqlite (DatabaseSync).',
      )
    assertSqlOptions('SqliteStore', options)
    const database = new SqliteClient(client)
    super(database, dialect(table), options)
    this.#database = database
  }

  /**
   * Creates the table and its index if they do not exist, and sets journal_mode to WAL. Sets busy_timeout
   * to 5000 ms unless it is set, so that calls wait for other processes. That is a setting of the open
   * database, so call `setup` in every process.
   */
  override async setup(): Promise<void> {
    const [timeout] = Object.values(this.#database.first('PRAGMA busy_timeout', []) ?? {})
    if (Number(timeout) === 0) this.#database.first(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`, [])
    await this.#enableWal()
    await super.setup()
  }

  // If several processes change the mode at once, SQLite ignores busy_timeout and fails immediately.
  async #enableWal(): Promise<void> {
    const deadline = Date.now() + BUSY_TIMEOUT
    while (true) {
      try {
        await withRetry(() => this.#database.first('PRAGMA journal_mode = WAL', []))
        return
      } catch (error) {
        if (!isUnavailable(error) || Date.now() > deadline) throw error
      }
      await sleep(5)
    }
  }
}

/** A database and its prepared statements. */
class SqliteClient implements SqlClient {
  readonly #client: SqliteLike
  readonly #prepared = new Map<string, SqliteStatementLike>()

  constructor(client: SqliteLike) {
    this.#client = client
  }

  // A statement is used with `get` or with `all`, never with both: libsql would return wrong results.
  first(statement: string, params: readonly Param[]): Row | undefined {
    const row = this.#prepare(statement).get(...params)
    return isRow(row) ? row : undefined
  }

  rows(statement: string, params: readonly Param[]): Row[] {
    return this.#prepare(statement)
      .all(...params)
      .filter(isRow)
  }

  run(statement: string, params: readonly Param[]): number {
    return Number(this.#prepare(statement).run(...params).changes)
  }

  #prepare(text: string): SqliteStatementLike {
    let statement = this.#prepared.get(text)
    if (!statement) {
      statement = this.#client.prepare(text)
      this.#prepared.set(text, statement)
    }
    return statement
  }
}

function dialect(name: string): Dialect {
  const table = quoteName(name)
  return {
    table,
    key: 'key',
    placeholder: () => '?',
    setup: [
      `CREATE TABLE IF NOT EXISTS ${table} (
  key BLOB NOT NULL PRIMARY KEY,
  value BLOB NOT NULL,
  expires_at INTEGER NOT NULL
)`,
      `CREATE INDEX IF NOT EXISTS ${quoteName(`${name}_expires_at`)} ON ${table} (expires_at)`,
    ],
    prune: (count) =>
      `DELETE FROM ${table} WHERE rowid IN ` +
      `(SELECT rowid FROM ${table} WHERE expires_at <= ? LIMIT ${count})`,
  }
}

function isRow(row: unknown): row is Row {
  return typeof row === 'object' && row !== null
}

function isSqlite(client: unknown): client is SqliteLike {
  return hasMethods(client, 'prepare')
}
