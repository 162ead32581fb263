import { type Awaitable, isPromise } from '../../util/async.js'
import { unavailable } from '../../util/errors.js'

// The server rolled the statement back, so it is safe to run again: a deadlock in MySQL (1213) and
// PostgreSQL (40P01), and a serialization failure (40001).
const RETRYABLE_CODES = [1213, '40P01', '40001']
const MAX_TRIES = 50

// The connection failed or the server is too busy. Codes of sockets, mysql2 and postgres.js; PostgreSQL's
// classes 08 and 57P; too many connections (53300, 1040); a shutdown (1053); a lock that was not released;
// a statement that passed a time limit of the server (57014, 55P03).
const CONNECTION_CODES =
  /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET|CONNECT|PROTOCOL_CONNECTION_LOST|08|57P0[1-3]|57014|55P03|53300|ER_CON_COUNT|ER_USER_LIMIT|ER_TOO_MANY_USER|ER_SERVER_SHUTDOWN|ER_LOCK_WAIT_TIMEOUT|ER_QUERY_(INTERRUPTED|TIMEOUT)|SQLITE_BUSY|SQLITE_LOCKED)/
// The same failures where pg, mysql2 and node:sqlite set no code.
const CONNECTION_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Query execution was interrupted|Pool is closed|No connections available|Queue limit reached|Can't add new command when connection is in closed state|database (table )?is locked)/

/** Properties of driver errors that hold neither parameters nor rows. */
const SAFE_PROPERTIES = [
  ...['code', 'errno', 'sqlState', 'severity', 'routine', 'fatal', 'errcode', 'rawCode'],
  ...['syscall', 'address', 'port', 'schema', 'schema_name', 'table', 'table_name'],
]

/**
 * Runs a query, again if the server rolled it back. Its errors hold no parameters and no rows.
 * Returns the result itself if the driver is synchronous.
 * @throws {SessionError} ERR_SESSION_UNAVAILABLE (503) if the server cannot be reached or is too busy.
 */
export function withRetry<T>(query: () => Awaitable<T>, tries = MAX_TRIES): Awaitable<T> {
  const onError = (error: unknown): Awaitable<T> => {
    if (tries > 1 && hasCode(error, ...RETRYABLE_CODES)) return withRetry(query, tries - 1)
    throw translateError(error)
  }
  try {
    const result = query()
    return isPromise(result) ? Promise.resolve(result).catch(onError) : result
  } catch (error) {
    return onError(error)
  }
}

/** Whether a driver's error has one of these codes: a name, a number or an SQLSTATE. */
export function hasCode(error: unknown, ...codes: (string | number)[]): boolean {
  return codes.some((code) => code === property(error, 'code') || code === property(error, 'errno'))
}

/** Whether `withRetry` threw an error because the database cannot be reached or is too busy. */
export function isUnavailable(error: unknown): boolean {
  return hasCode(error, 'ERR_SESSION_UNAVAILABLE')
}

function translateError(error: unknown): unknown {
  const cause = withoutValues(error)
  if (!isConnectionError(cause)) return cause
  return unavailable(
    'The session database cannot be reached, or is too busy. See error.cause. Requests work again once it is back.',
    cause,
  )
}

function isConnectionError(error: unknown): boolean {
  const [code, message] = [property(error, 'code'), property(error, 'message')]
  return CONNECTION_CODES.test(String(code)) || CONNECTION_MESSAGES.test(String(message))
}

// pg has the row in `detail`, mysql2 the statement in `sql`, postgres.js the parameters, and some of these
// cannot be deleted. Logged errors would contain ids and session data, so this copies what is safe.
function withoutValues(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('The database driver failed without an error')
  const safe = new Error(safeMessage(error), causeOf(error))
  safe.stack = error.stack?.replace(error.message, safe.message) ?? ''
  for (const name of SAFE_PROPERTIES) {
    const value = property(error, name)
    if (value !== undefined) Reflect.set(safe, name, value)
  }
  return safe
}

/** A failed connection to a host with several addresses is an AggregateError: one error for each. */
function causeOf(error: Error): { cause?: unknown } {
  if (error instanceof AggregateError) return { cause: error.errors.map(withoutValues) }
  return error.cause === undefined ? {} : { cause: withoutValues(error.cause) }
}

// Messages of SQLSTATE 22 (data) and 23 (constraints) quote the value that was refused.
function safeMessage(error: Error): string {
  const state = property(error, 'sqlState') ?? property(error, 'code')
  if (!/^2[23]\w{3}$/.test(String(state))) return error.message
  return error.message.split(/['":]/)[0] ?? ''
}

function property(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined
}
