import { createHash } from 'node:crypto'
import { ignoreRejection } from '../../util/async.js'
import { hasMethods } from '../../util/shape.js'
import type { Param, Row, SqlClient } from './dialect.js'
import { hasCode } from './errors.js'

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

/** Not a Client, which has the same methods: it is one connection, and never connects again. */
export function isPool(client: unknown): client is PgPoolLike {
  const isPgLike = typeof client === 'object' && hasMethods(client, 'query', 'connect', 'on', 'off')
  return isPgLike && !hasMethods(client, 'getTypeParser') && !hasMethods(client, 'release')
}

/** Not a reserved connection or a transaction, which have the same methods: they are one connection. */
export function isPostgresJs(client: unknown): client is PostgresJsLike {
  const isAnySql = typeof client === 'function' && hasMethods(client, 'unsafe')
  return isAnySql && !hasMethods(client, 'release') && !hasMethods(client, 'savepoint')
}

export function pgClient(pool: PgPoolLike, prepare: boolean): SqlClient {
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

/** Selects a column for postgres.js, which misreads binary ones with bytea_output = 'escape'. */
export function asBase64(column: string): string {
  return `encode(${column}, 'base64') AS ${column}`
}

export function postgresJsClient(client: PostgresJsLike, prepare: boolean): SqlClient {
  const endReadOnly = readOnlyEnder(client)
  const query = async (statement: string, params: readonly Param[]) => {
    try {
      return await client.unsafe(statement, [...params], { prepare })
    } catch (error) {
      if (hasCode(error, READ_ONLY)) endReadOnly()
      throw error
    }
  }
  return {
    first: async (statement, params) => (await query(statement, params)).map(withBytes)[0],
    rows: async (statement, params) => (await query(statement, params)).map(withBytes),
    run: async (statement, params) => (await query(statement, params)).count ?? 0,
  }
}

/** read_only_sql_transaction */
const READ_ONLY = '25006'
const END_READ_ONLY =
  "SELECT pg_terminate_backend(pg_backend_pid()) WHERE current_setting('transaction_read_only') = 'on'"

/**
 * Ends a connection that is read-only, one at a time. A connection keeps the default that it began with,
 * so without this it stays read-only when the server no longer is. pg and mysql2 drop such connections.
 */
function readOnlyEnder(client: PostgresJsLike): () => void {
  let isEnding = false
  return () => {
    if (isEnding) return
    isEnding = true
    const ended = Promise.resolve(client.unsafe(END_READ_ONLY, [], { prepare: false }))
    ignoreRejection(
      ended.finally(() => {
        isEnding = false
      }),
    )
  }
}

/** A row with the columns that `asBase64` selected as bytes. */
function withBytes(row: Row): Row {
  const decoded = { ...row }
  for (const column of ['key', 'value']) {
    const text = row[column]
    if (typeof text === 'string') decoded[column] = Buffer.from(text, 'base64')
  }
  return decoded
}
