import { setTimeout as sleep } from 'node:timers/promises'
import type { Awaitable } from '../../util/async.js'
import { SessionError } from '../../util/errors.js'
import { hasMethods } from '../../util/shape.js'
import { type Dialect, type Param, quoteName, type Row, type SqlClient } from './dialect.js'
import { withRetry } from './errors.js'
import { assertNames, assertSqlOptions, type SqlStoreOptions } from './options.js'
import { isLocked, LockQueue } from './sqlite-lock.js'
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
  exec(statements: string): unknown
}

/** @since 1.0.0 */
export interface SqliteStoreOptions extends SqlStoreOptions {
  /**
   * An open database: better-sqlite3, libsql, or DatabaseSync of `node:sqlite`. The store never closes
   * it.
   * @example new SqliteStore({ client: database })
   */
  client: SqliteLike
}

/** The default of `commandTimeout`, in ms. */
const COMMAND_TIMEOUT = 1000
/** How long `setup` waits for other processes that set journal_mode, in ms. */
const WAL_TIMEOUT = 5000

/**
 * Stores sessions in an SQLite file, for the processes of one machine. All methods but `setup`, `prune`
 * and `scan` are synchronous, unless another process has locked the file: then they return a promise.
 */
export class SqliteStore extends SqlStore {
  readonly #database: SqliteClient
  readonly #queue: LockQueue

  /**
   * Sets `busy_timeout` of the client to 0, so that the driver does not block the process while another
   * one writes.
   * @throws {SessionError} ERR_SESSION_CLIENT if the client is not known; ERR_SESSION_OPTION;
   * ERR_SESSION_DURATION.
   */
  constructor(options: SqliteStoreOptions) {
    const { client, table = 'koa_sess', commandTimeout = COMMAND_TIMEOUT } = options ?? {}
    if (!isSqlite(client) || !answersAtOnce(client))
      throw new SessionError(
        'ERR_SESSION_CLIENT',
        'new SqliteStore({ client }) takes an open database of better-sqlite3, libsql or node:sqlite (DatabaseSync). Drivers that answer later, as sqlite3 of npm, cannot be used.',
      )
    assertSqlOptions('SqliteStore', options)
    assertNames(options, isFreeName, 'must not begin with sqlite_ in SQLite')
    const database = new SqliteClient(client)
    super(database, dialect(table), { ...options, commandTimeout })
    this.#database = database
    this.#queue = new LockQueue(commandTimeout)
  }

  /**
   * Creates the table and its index if they do not exist, and sets journal_mode to WAL. Several processes
   * may call it at once.
   */
  override async setup(): Promise<void> {
    await this.#enableWal()
    await super.setup()
  }

  /** Waits while another process has locked the file. */
  protected override attempt<T>(query: () => Awaitable<T>): Awaitable<T> {
    return this.#queue.run(() => withRetry(query))
  }

  /** The queue already ends a wait at `commandTimeout`. */
  protected override withTimeout<T>(result: Awaitable<T>): Awaitable<T> {
    return result
  }

  async #enableWal(): Promise<void> {
    const deadline = Date.now() + WAL_TIMEOUT
    while (true) {
      try {
        await withRetry(() => this.#database.enableWal())
        return
      } catch (error) {
        if (!isLocked(error) || Date.now() > deadline) throw error
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

  enableWal(): void {
    this.#client.exec('PRAGMA journal_mode = WAL')
  }

  // A statement is used with `get` or with `all`, never with both: libsql would return wrong results.
  first(statement: string, params: readonly Param[]): Row | undefined {
    const query = () => this.#use(statement, (prepared) => prepared.get(...params))
    const row = statement.startsWith('SELECT') ? query() : this.#write(query)
    return isRow(row) ? row : undefined
  }

  rows(statement: string, params: readonly Param[]): Row[] {
    return this.#use(statement, (prepared) => prepared.all(...params)).filter(isRow)
  }

  run(statement: string, params: readonly Param[]): number {
    return this.#write(() =>
      Number(this.#use(statement, (prepared) => prepared.run(...params)).changes),
    )
  }

  /**
   * Takes the lock before the statement runs. libsql does not reset a statement that finds the file
   * locked: it stays a writer under way, so that later writes are answered and never committed.
   */
  #write<T>(query: () => T): T {
    this.#client.exec('BEGIN IMMEDIATE')
    try {
      const result = query()
      this.#client.exec('COMMIT')
      return result
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  /** SQLite itself has rolled back after some errors, such as a full disk. */
  #rollBack(): void {
    try {
      this.#client.exec('ROLLBACK')
    } catch {
      // The error of the statement is the one to report.
    }
  }

  /**
   * A statement that failed is not used again: libsql would run it with the parameters of the call
   * that failed, which are those of another session.
   */
  #use<T>(text: string, query: (statement: SqliteStatementLike) => T): T {
    const statement = this.#prepared.get(text) ?? this.#client.prepare(text)
    this.#prepared.delete(text)
    const result = query(statement)
    this.#prepared.set(text, statement)
    return result
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
  return hasMethods(client, 'prepare', 'exec')
}

/**
 * Sets busy_timeout, and returns whether the driver answers synchronously: others return promises, or
 * take callbacks. Their answers would be lost.
 */
function answersAtOnce(client: SqliteLike): boolean {
  try {
    const statement: unknown = client.prepare('PRAGMA busy_timeout = 0')
    if (!isStatement(statement)) return false
    return Array.isArray(statement.all())
  } catch {
    // The database is closed, for one. The first call reports it.
    return true
  }
}

function isStatement(statement: unknown): statement is SqliteStatementLike {
  return hasMethods(statement, 'run', 'get', 'all')
}

/** SQLite keeps names with this prefix for itself. */
function isFreeName(name: string): boolean {
  return !/^sqlite_/i.test(name)
}
