import { unavailable } from '../../util/errors.js'
import { quoteName, type SqlClient, toBytes } from './dialect.js'
import { hasCode, withRetry } from './errors.js'

/**
 * How long the server may take for the statements of `setup`, locks included, in ms. A statement that
 * waits for a lock makes all later writes of the table wait behind it, so this is below commandTimeout.
 */
const TIME_LIMIT = 2000
const MAX_TRIES = 10

/** unique_violation (in the catalogue), duplicate_table, duplicate_object. */
const ALREADY_EXISTS = ['23505', '42P07', '42710']
/** query_canceled by statement_timeout, lock_not_available by lock_timeout. */
const TIMED_OUT = ['57014', '55P03']

/** The table as statements name it, and the statements that create it. */
export interface PostgresTable {
  table: string
  createTable: string
  createIndex: string
}

// Takes no lock on the table. No row: there is no table.
const FIND = `SELECT (SELECT count(*) FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
  WHERE i.indrelid = found.oid AND i.indisvalid AND a.attname = 'expires_at') AS indexes
FROM (SELECT to_regclass(convert_from($1, 'UTF8'))::oid AS oid) found WHERE found.oid IS NOT NULL`

export function postgresTable(name: string, schema: string | undefined): PostgresTable {
  const table = schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`
  return {
    table,
    createTable: `CREATE TABLE IF NOT EXISTS ${table} (
  key bytea NOT NULL PRIMARY KEY,
  value bytea NOT NULL,
  expires_at bigint NOT NULL
)`,
    createIndex: `CREATE INDEX IF NOT EXISTS ${quoteName(`${name}_expires_at`)} ON ${table} (expires_at)`,
  }
}

/**
 * Creates the table and its index where they are missing. Where both exist, it takes no lock: CREATE INDEX
 * IF NOT EXISTS takes one even then, and would stop all writes behind any open transaction.
 * @throws {SessionError} ERR_SESSION_UNAVAILABLE (503) if a lock is not free within 2 s.
 */
export async function createMissing(client: SqlClient, table: PostgresTable): Promise<void> {
  for (let tries = 1; ; tries++) {
    const missing = await missingStatements(client, table)
    if (missing.length === 0) return
    try {
      // Without parameters, the server runs the statements as one transaction.
      const limited = [`SET LOCAL statement_timeout = ${TIME_LIMIT}`, ...missing].join(';\n')
      await withRetry(() => client.run(limited, []))
      return
    } catch (error) {
      if (hasCode(Reflect.get(Object(error), 'cause'), ...TIMED_OUT)) throw tooLong(error)
      // IF NOT EXISTS checks and then creates. If two processes do it at once, the later one fails.
      if (tries === MAX_TRIES || !hasCode(error, ...ALREADY_EXISTS)) throw error
    }
  }
}

async function missingStatements(client: SqlClient, table: PostgresTable): Promise<string[]> {
  const found = await withRetry(() => client.first(FIND, [toBytes(table.table)]))
  if (!found) return [table.createTable, table.createIndex]
  return Number(found.indexes) > 0 ? [] : [table.createIndex]
}

function tooLong(error: unknown): Error {
  return unavailable(
    `setup() could not create the table or its index within ${TIME_LIMIT} ms: a transaction has locked the table, or the table is large. No write waits for it any longer. End the transaction, or create the index by hand: CREATE INDEX CONCURRENTLY … (expires_at).`,
    Reflect.get(Object(error), 'cause'),
  )
}
