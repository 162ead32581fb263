import { createHash } from 'node:crypto'
import { SessionError } from '../../util/errors.js'
import { type Dialect, type Param, quoted, type Row, type SqlClient } from './dialect.js'
import { has } from './errors.js'
import { checkOptions, hasMethods, type SqlStoreOptions } from './options.js'
import { SqlStore } from './store.js'

interface PgResult {
  rows: Row[]
  rowCount: number | null
}

/** A statement as pg takes it: with a name, it is parsed once for each connection. */
interface PgQuery {
  name?: string
  text: string
  values: Param[]
}

/** A Pool of pg, as far as it is used. */
export interface PgPoolLike {
  query(query: PgQuery): Promise<PgResult>
  connect(): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
}

/** What postgres.js answers: the rows, and how many. */
type PostgresJsResult = Row[] & { count: number | null }

/** A client of postgres.js (`postgres(…)`), as far as it is used. */
export interface PostgresJsLike {
  unsafe(
    statement: string,
    params: Param[],
    options: { prepare: boolean },
  ): PromiseLike<PostgresJsResult>
}

export interface PostgresStoreOptions extends SqlStoreOptions {
  /** A Pool of pg, or a client of postgres.js. It stays yours: the store never ends it. */
  client: PgPoolLike | PostgresJsLike
  /** The schema of the table, which has to exist. Default: the first of the connection's search_path. */
  schema?: string
  /** Prepares each statement once for each connection. False for a PgBouncer before 1.21. Default true. */
  prepare?: boolean
}

/** Sessions in PostgreSQL. */
export class PostgresStore extends SqlStore {
  readonly #pool: PgPoolLike | undefined

  /** @throws {SessionError} ERR_SESSION_CLIENT for a client that it does not know; ERR_SESSION_OPTION. */
  constructor(options: PostgresStoreOptions) {
    const { client, schema, table = 'koa_sess', prepare = true } = options ?? {}
    const database = adapt(client, prepare)
    checkOptions('PostgresStore', options, 'schema', 'prepare')
    super(database, dialect(table, schema), options)
    this.#pool = isPool(client) ? client : undefined
    // An idle connection that breaks would end the process; requests learn of it anyway.
    this.#pool?.on('error', ignore)
  }

  /** Ends the pruning, and takes the store's listener off the pool, which is yours to end. */
  override close(): void {
    super.close()
    this.#pool?.off('error', ignore)
  }

  // IF NOT EXISTS looks first and creates then: where two do it at once, the later one fails.
  protected override async define(statement: string, tries = 10): Promise<void> {
    try {
      await super.define(statement)
    } catch (error) {
      if (tries === 1 || !has(error, ...ALREADY_THERE)) throw error
      await this.define(statement, tries - 1)
    }
  }
}

/** unique_violation in the catalogue, duplicate_table, duplicate_object. */
const ALREADY_THERE = ['23505', '42P07', '42710']

function dialect(name: string, schema: string | undefined): Dialect {
  const table = schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`
  return {
    table,
    key: 'key',
    mark: (n) => `$${n}`,
    setup: [
      `CREATE TABLE IF NOT EXISTS ${table} (
  key bytea NOT NULL PRIMARY KEY,
  value bytea NOT NULL,
  expires_at bigint NOT NULL
)`,
      `CREATE INDEX IF NOT EXISTS ${quoted(`${name}_expires_at`)} ON ${table} (expires_at)`,
    ],
    // Rows that another process is just pruning are left to it.
    prune: (count) =>
      `DELETE FROM ${table} WHERE key = ANY (ARRAY (SELECT key FROM ${table} ` +
      `WHERE expires_at <= $1 ORDER BY expires_at LIMIT ${count} FOR UPDATE SKIP LOCKED))`,
  }
}

function adapt(client: unknown, prepare: boolean): SqlClient {
  if (isPool(client)) return onPool(client, prepare)
  if (isPostgresJs(client)) return onPostgresJs(client, prepare)
  throw new SessionError(
    'ERR_SESSION_CLIENT',
    'new PostgresStore({ client }) takes a Pool of pg, or a client of postgres.js (postgres(…))',
  )
}

function onPool(pool: PgPoolLike, prepare: boolean): SqlClient {
  const names = new Map<string, string>()
  // Two texts under one name are refused, so that it comes from the text.
  const nameOf = (text: string) => {
    const name = names.get(text) ?? `koa_sess_${createHash('sha1').update(text).digest('hex')}`
    names.set(text, name)
    return name
  }
  const ask = (text: string, params: readonly Param[]) => {
    const query = { text, values: [...params] }
    return pool.query(prepare && params.length > 0 ? { name: nameOf(text), ...query } : query)
  }
  return {
    first: async (statement, params) => (await ask(statement, params)).rows[0],
    rows: async (statement, params) => (await ask(statement, params)).rows,
    run: async (statement, params) => (await ask(statement, params)).rowCount ?? 0,
  }
}

function onPostgresJs(client: PostgresJsLike, prepare: boolean): SqlClient {
  const ask = async (statement: string, params: readonly Param[]) =>
    client.unsafe(statement, [...params], { prepare })
  return {
    first: async (statement, params) => (await ask(statement, params))[0],
    rows: ask,
    run: async (statement, params) => (await ask(statement, params)).count ?? 0,
  }
}

function isPool(client: unknown): client is PgPoolLike {
  return typeof client === 'object' && hasMethods(client, 'query', 'connect', 'on', 'off')
}

function isPostgresJs(client: unknown): client is PostgresJsLike {
  return typeof client === 'function' && hasMethods(client, 'unsafe')
}

function ignore(): void {}
