import { setTimeout as sleep } from 'node:timers/promises'
import { SessionError } from '../../util/errors.js'
import { type Dialect, type Param, quoted, type Row, type SqlClient } from './dialect.js'
import { asked, isUnavailable } from './errors.js'
import { checkOptions, hasMethods, type SqlStoreOptions } from './options.js'
import { SqlStore } from './store.js'

/** A prepared statement of better-sqlite3, libsql or `node:sqlite`, as far as it is used. */
export interface SqliteStatementLike {
  run(...params: Param[]): { changes: number | bigint }
  get(...params: Param[]): unknown
  all(...params: Param[]): unknown[]
}

/** An open database of better-sqlite3, libsql or `node:sqlite`, as far as it is used. */
export interface SqliteLike {
  prepare(statement: string): SqliteStatementLike
}

export interface SqliteStoreOptions extends SqlStoreOptions {
  /** An open database: better-sqlite3, libsql, or DatabaseSync of `node:sqlite`. It stays yours. */
  client: SqliteLike
}

/** How long a call waits while another process writes, in ms, where the handle does not say. */
const BUSY_MS = 5000

/**
 * Sessions in an SQLite file, for the processes of one machine. All answers but those of `setup`,
 * `prune` and `scan` come at once, without a promise.
 */
export class SqliteStore extends SqlStore {
  readonly #handle: Handle

  /** @throws {SessionError} ERR_SESSION_CLIENT for a client that it does not know; ERR_SESSION_OPTION. */
  constructor(options: SqliteStoreOptions) {
    const { client, table = 'koa_sess' } = options ?? {}
    if (!isSqlite(client))
      throw new SessionError(
        'ERR_SESSION_CLIENT',
        'new SqliteStore({ client }) takes an open database of better-sqlite3, libsql or node:sqlite (DatabaseSync)',
      )
    checkOptions('SqliteStore', options)
    const handle = new Handle(client)
    super(handle, dialect(table), options)
    this.#handle = handle
  }

  /**
   * Lets this handle wait for other processes (busy_timeout, 5 s unless it has one), has the file
   * written ahead (WAL), and creates the table and its index where they are missing. Call it in every
   * process that opens the file.
   */
  override async setup(): Promise<void> {
    const [timeout] = Object.values(this.#handle.first('PRAGMA busy_timeout', []) ?? {})
    if (Number(timeout) === 0) this.#handle.first(`PRAGMA busy_timeout = ${BUSY_MS}`, [])
    await this.#writeAhead()
    await super.setup()
  }

  // Where several processes change the mode at once, SQLite does not wait, whatever busy_timeout says.
  async #writeAhead(): Promise<void> {
    for (const deadline = Date.now() + BUSY_MS; ; await sleep(5)) {
      try {
        return void (await asked(() => this.#handle.first('PRAGMA journal_mode = WAL', [])))
      } catch (error) {
        if (!isUnavailable(error) || Date.now() > deadline) throw error
      }
    }
  }
}

/** A database, and the statements that were prepared on it. */
class Handle implements SqlClient {
  readonly #client: SqliteLike
  readonly #prepared = new Map<string, SqliteStatementLike>()

  constructor(client: SqliteLike) {
    this.#client = client
  }

  // A statement is only ever asked for one row or for all: libsql mixes them up otherwise.
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
  const table = quoted(name)
  return {
    table,
    key: 'key',
    mark: () => '?',
    setup: [
      `CREATE TABLE IF NOT EXISTS ${table} (
  key BLOB NOT NULL PRIMARY KEY,
  value BLOB NOT NULL,
  expires_at INTEGER NOT NULL
)`,
      `CREATE INDEX IF NOT EXISTS ${quoted(`${name}_expires_at`)} ON ${table} (expires_at)`,
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
