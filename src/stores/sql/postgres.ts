import { createHash } from 'node:crypto'
import { SessionError } from '../../util/errors.js'
import { hasMethods } from '../../util/shape.js'
import { type Dialect, type Param, quoteName, type Row, type SqlClient } from './dialect.js'
import { hasCode } from './errors.js'
import { assertSqlOptions, type SqlStoreOptions } from './options.js'
import { SqlStore } from './store.js'

interface PgResult {
  rows: Row[]
  rowCount: number | null
}

/** A query of pg. With a name, the server parses it once for each connection. */
interface PgQuery {
  name?: string
  text: string
  values: Param[]
}

/** A Pool of pg, as far as the store uses it. */
export interface PgPoolLike {
  query(query: PgQuery): Promise<PgResult>
  connect(): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
}

/** A result of postgres.js: the rows, and how many were affected. */
type PostgresJsResult = Row[] & { count: number | null }

/** A client of postgres.js (`postgres(…)`), as far as the store uses it. */
export interface PostgresJsLike {
  unsafe(
    statement: string,
    params: Param[],
    options: { prepare: boolean },
  ): PromiseLike<PostgresJsResult>
}

export interface PostgresStoreOptions extends SqlStoreOptions {
  /** A Pool of pg, or a client of postgres.js. The store never closes it. */
  client: PgPoolLike | PostgresJsLike
  /** The schema of the table; it must exist. Default: the first one of the connection's search_path. */
  schema?: string
  /**
   * Whether statements are prepared once for each connection. Default true. Set false for PgBouncer
   * before 1.21.
   */
  prepare?: boolean
}

/** Stores sessions in PostgreSQL. */
export class PostgresStore extends SqlStore {
  readonly #pool: PgPoolLike | undefined

  /**
   * @throws {SessionError} ERR_SESSION_CLIENT if the client is not known; ERR_SESSION_OPTION;
   * ERR_SESSION_DURATION.
   */
  constructor(options: PostgresStoreOptions) {
    const { client, schema, table = 'koa_sess', prepare = true } = options ?? {}
    const database = toSqlClient(client, prepare)
    assertSqlOptions('PostgresStore', options, 'schema', 'prepare')
    super(database, dialect(table, schema), options)
    this.#pool = isPool(client) ? client : undefined
    // Without a listener, an idle connection that breaks would end the process. Requests report failures.
    this.#pool?.on('error', ignore)
  }

  /** Stops the regular pruning, and removes the store's listener from the pool. Does not close the pool. */
  override close(): void {
    super.close()
    this.#pool?.off('error', ignore)
  }

  // IF NOT EXISTS checks and then creates. If two processes do it at once, the later one fails.
  protected override async runSetup(statement: string, tries = 10): Promise<void> {
    try {
      await super.runSetup(statement)
    } catch (error) {
      if (tries === 1 || !hasCode(error, ...ALREADY_EXISTS)) throw error
      await this.runSetup(statement, tries - 1)
    }
  }
}

/** unique_violation (in the catalogue), duplicate_table, duplicate_object. */
const ALREADY_EXISTS = ['23505', '42P07', '42710']

function dialect(name: string, schema: string | undefined): Dialect {
  const table = schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`
  return {
    table,
    key: 'key',
    placeholder: (n) => `$${n}`,
    setup: [
      `CREATE TABLE IF NOT EXISTS ${table} (
  key bytea NOT NULL PRIMARY KEY,
  value bytea NOT NULL,
  expires_at bigint NOT NULL
)`,
      `CREATE INDEX IF NOT EXISTS ${quoteName(`${name}_expires_at`)} ON ${table} (expires_at)`,
    ],
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
    'new PostgresStore({ client }) takes a Pool of pg, or a client of postgres.js: postgres(…).',
  )
}

function pgClient(pool: PgPoolLike, prepare: boolean): SqlClient {
  const names = new Map<string, string>()
  // The name is a hash of the text, as pg refuses another text under the same name.
  const nameOf = (text: string) => {
    const name = names.get(text) ?? `koa_sess_${createHash('sha1').update(text).digest('hex')}`
    names.set(text, name)
    return name
  }
  const query = (text: string, params: readonly Param[]) => {
    const unnamed = { text, values: [...params] }
    const isNamed = prepare && params.length > 0
    return pool.query(isNamed ? { name: nameOf(text), ...unnamed } : unnamed)
  }
  return {
    first: async (statement, params) => (await query(statement, params)).rows[0],
    rows: async (statement, params) => (await query(statement, params)).rows,
    run: async (statement, params) => (await query(statement, params)).rowCount ?? 0,
  }
}

function postgresJsClient(client: PostgresJsLike, prepare: boolean): SqlClient {
  const query = async (statement: string, params: readonly Param[]) =>
    client.unsafe(statement, [...params], { prepare })
  return {
    first: async (statement, params) => (await query(statement, params))[0],
    rows: query,
    run: async (statement, params) => (await query(statement, params)).count ?? 0,
  }
}

function isPool(client: unknown): client is PgPoolLike {
  return typeof client === 'object' && hasMethods(client, 'query', 'connect', 'on', 'off')
}

function isPostgresJs(client: unknown): client is PostgresJsLike {
  return typeof client === 'function' && hasMethods(client, 'unsafe')
}

function ignore(): void {}
