import { SessionError } from '../../util/errors.js'
import type { Dialect, SqlClient } from './dialect.js'
import { assertSqlOptions, type SqlStoreOptions } from './options.js'
import {
  asBase64,
  isPool,
  isPostgresJs,
  type PgPoolLike,
  type PostgresJsLike,
  pgClient,
  postgresJsClient,
} from './postgres-client.js'
import { createMissing, type PostgresTable, postgresTable } from './postgres-setup.js'
import { SqlStore } from './store.js'

export type { PgPoolLike, PostgresJsLike }

/** @since 1.0.0 */
export interface PostgresStoreOptions extends SqlStoreOptions {
  /**
   * A Pool of pg, or a client of postgres.js. The store never closes it.
   * @example new PostgresStore({ client: pool })
   */
  client: PgPoolLike | PostgresJsLike
  /**
   * The schema of the table; it must exist.
   * @default the first one of the connection's search_path
   * @example new PostgresStore({ client: pool, schema: 'web' })
   */
  schema?: string
  /**
   * Whether statements are prepared once for each connection. Set false for PgBouncer before 1.21.
   * @default true
   * @example new PostgresStore({ client: pool, prepare: false })
   */
  prepare?: boolean
}

/** Stores sessions in PostgreSQL. */
export class PostgresStore extends SqlStore {
  readonly #client: SqlClient
  readonly #table: PostgresTable
  #pool: PgPoolLike | undefined

  /**
   * @throws {SessionError} ERR_SESSION_CLIENT if the client is not known; ERR_SESSION_OPTION;
   * ERR_SESSION_DURATION.
   */
  constructor(options: PostgresStoreOptions) {
    const { client, schema, table: name = 'koa_sess', prepare = true } = options ?? {}
    const database = toSqlClient(client, prepare)
    assertSqlOptions('PostgresStore', options, 'schema', 'prepare')
    const table = postgresTable(name, schema)
    super(database, dialect(table, isPool(client) ? undefined : asBase64), options)
    this.#client = database
    this.#table = table
    if (!isPool(client)) return
    this.#pool = client
    listen(client)
  }

  /**
   * Creates the table and its index where they are missing, and takes no lock where they exist. Several
   * processes may call it at once.
   * @throws {SessionError} ERR_SESSION_UNAVAILABLE (503) if a lock is not free within 2 s.
   */
  override setup(): Promise<void> {
    return createMissing(this.#client, this.#table)
  }

  /** Stops the regular pruning, and removes the store's listener from the pool. Does not close the pool. */
  override close(): void {
    super.close()
    if (this.#pool) stopListening(this.#pool)
    this.#pool = undefined
  }
}

/** How many stores use a pool: they share one listener, as Node warns of more than ten. */
const users = new WeakMap<PgPoolLike, number>()

/** Without a listener, an idle connection that breaks would end the process. Requests report failures. */
function listen(pool: PgPoolLike): void {
  const count = users.get(pool) ?? 0
  users.set(pool, count + 1)
  if (count === 0) pool.on('error', ignore)
}

function stopListening(pool: PgPoolLike): void {
  const count = (users.get(pool) ?? 1) - 1
  users.set(pool, count)
  if (count === 0) pool.off('error', ignore)
}

function ignore(): void {}

function dialect(
  { table, createTable, createIndex }: PostgresTable,
  select: Dialect['select'],
): Dialect {
  return {
    table,
    key: 'key',
    placeholder: (n) => `$${n}`,
    select,
    setup: [createTable, createIndex],
    // SKIP LOCKED, so that processes that prune at the same time do not wait for each other.
    prune: (count) =>
      `DELETE FROM ${table} WHERE key = ANY (ARRAY (SELECT key FROM ${table} ` +
      `WHERE expires_at <= $1 ORDER BY expires_at LIMIT ${count} FOR UPDATE SKIP LOCKED))`,
  }
}

function toSqlClient(client: unknown, prepare: boolean): SqlClient {
  if (isPool(client)) return pgClient(client, prepare)
  if (isPostgresJs(client)) return postgresJsClient(client, prepare)
  throw new SessionError(
    'ERR_SESSION_CLIENT',
    'new PostgresStore({ client }) takes a Pool of pg, or a client of postgres.js: postgres(…). A single connection (Client of pg, sql.reserve()) cannot be used: once it breaks, it never connects again.',
  )
}
