import { type Awaitable, isPromise } from '../../util/async.js'
import { SessionError, unavailable } from '../../util/errors.js'
import { isTransient } from './transient.js'

// The server rolled the statement back, so it is safe to run again: a deadlock in MySQL (1213) and
// PostgreSQL (40P01), and a serialization failure (40001).
const RETRYABLE_CODES = [1213, '40P01', '40001']
const MAX_TRIES = 50

/** Properties of driver errors that hold neither parameters nor rows. */
const SAFE_PROPERTIES = [
  ...['code', 'errno', 'sqlState', 'severity', 'routine', 'fatal', 'errcode', 'rawCode'],
  ...['syscall', 'address', 'port', 'schema', 'schema_name', 'table', 'table_name'],
]

// A pooler gave the statement to another connection than the one that prepared it: PostgreSQL's 26000 and
// 42P05, MySQL's 1243 (unknown handler) and 1295 (no prepared statements here).
const PREPARED_CODES = ['26000', '42P05', 1243, 1295]
const NO_PREPARE =
  'This comes from a pooler that does not know prepared statements: set prepare: false.'

/**
 * Runs a query, again if the server rolled it back. Its errors hold no parameters and no rows.
 * Returns the result itself if the driver is synchronous.
 * @throws {SessionError} ERR_SESSION_UNAVAILABLE (503) if the server cannot be reached, is too busy,
 * read-only, or out of disk or connections.
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

function translateError(error: unknown): unknown {
  if (error instanceof SessionError) return error
  const cause = withoutValues(error)
  if (hasCode(cause, ...PREPARED_CODES)) cause.message += `. ${NO_PREPARE}`
  if (!isTransient(cause)) return cause
  return unavailable(
    'The session database cannot be reached, is too busy, read-only, or out of disk or connections. See error.cause. Requests work again once that is over.',
    cause,
  )
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

// Messages of SQLSTATE 22 (data) and 23 (constraints) quote the value that was refused. MySQL's 1064
// (syntax) quotes the statement, which holds the values with prepare: false.
function safeMessage(error: Error): string {
  const state = property(error, 'sqlState') ?? property(error, 'code')
  if (!/^2[23]\w{3}$/.test(String(state)) && !hasCode(error, 1064)) return error.message
  return error.message.split(/['":]/)[0] ?? ''
}

function property(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined
}
