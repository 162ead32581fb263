import { type Awaitable, isPromise } from '../../util/async.js'
import { unavailable } from '../../util/errors.js'

// A server that undid a statement to let another one through says so with one of these: a deadlock in
// MySQL (1213) and PostgreSQL (40P01), and what strict isolation levels refuse (40001).
const UNDONE = [1213, '40P01', '40001']
const MOST_TRIES = 50

// The connection, not the statement: sockets, mysql2, postgres.js, PostgreSQL's classes 08 and 57P,
// too many connections (53300, 1040), a server that shuts down (1053), a lock that stays, and what took
// longer than the server was told to let it (57014, 55P03).
const AWAY =
  /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET|CONNECT|PROTOCOL_CONNECTION_LOST|08|57P0[1-3]|57014|55P03|53300|ER_CON_COUNT|ER_USER_LIMIT|ER_TOO_MANY_USER|ER_SERVER_SHUTDOWN|ER_LOCK_WAIT_TIMEOUT|ER_QUERY_(INTERRUPTED|TIMEOUT)|SQLITE_BUSY|SQLITE_LOCKED)/
// What pg, mysql2 and node:sqlite say without a code.
const AWAY_TOLD =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Query execution was interrupted|Pool is closed|No connections available|Queue limit reached|Can't add new command when connection is in closed state|database (table )?is locked)/

/** What names the trouble, and holds nothing of what was sent or found. */
const HARMLESS = [
  ...['code', 'errno', 'sqlState', 'severity', 'routine', 'fatal', 'errcode', 'rawCode'],
  ...['syscall', 'address', 'port', 'schema', 'schema_name', 'table', 'table_name'],
]

/**
 * Asks a database: again where the server undid the statement, and with errors that hold no values.
 * @throws {SessionError} ERR_SESSION_UNAVAILABLE (503) when the server cannot be reached.
 */
export function asked<T>(question: () => Awaitable<T>, tries = MOST_TRIES): Awaitable<T> {
  const failed = (error: unknown): Awaitable<T> => {
    if (tries > 1 && UNDONE.some((code) => has(error, code))) return asked(question, tries - 1)
    throw told(error)
  }
  try {
    const answer = question()
    return isPromise(answer) ? Promise.resolve(answer).catch(failed) : answer
  } catch (error) {
    return failed(error)
  }
}

/** Whether a driver's error has one of these codes, as a name, a number or an SQLSTATE. */
export function has(error: unknown, ...codes: (string | number)[]): boolean {
  return codes.some((code) => code === property(error, 'code') || code === property(error, 'errno'))
}

function told(error: unknown): unknown {
  const cause = withoutValues(error)
  if (!isAway(cause)) return cause
  return unavailable(
    'The session database cannot be reached, or is too busy: the cause is in error.cause; requests go on by themselves once it is back',
    cause,
  )
}

function isAway(error: unknown): boolean {
  const [code, message] = [property(error, 'code'), property(error, 'message')]
  return AWAY.test(String(code)) || AWAY_TOLD.test(String(message))
}

// pg tells the row in `detail`, mysql2 the statement in `sql`, postgres.js the parameters, and not all
// of that can be taken off: ids and session data would end up in somebody's log.
function withoutValues(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('The database driver failed without an error')
  const clean = new Error(safeMessage(error), reason(error))
  clean.stack = error.stack?.replace(error.message, clean.message) ?? ''
  for (const name of HARMLESS) {
    const value = property(error, name)
    if (value !== undefined) Reflect.set(clean, name, value)
  }
  return clean
}

function reason(error: Error): { cause?: unknown } {
  // Where a host has two addresses, neither of which answers.
  if (error instanceof AggregateError) return { cause: error.errors.map(withoutValues) }
  return error.cause === undefined ? {} : { cause: withoutValues(error.cause) }
}

// Errors of data (22) and of constraints (23) quote what was wrong.
function safeMessage(error: Error): string {
  const state = property(error, 'sqlState') ?? property(error, 'code')
  if (!/^2[23]\w{3}$/.test(String(state))) return error.message
  return error.message.split(/['":]/)[0] ?? ''
}

/** Whether `asked` gave up because the database cannot be reached. */
export function isUnavailable(error: unknown): boolean {
  return has(error, 'ERR_SESSION_UNAVAILABLE')
}

function property(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined
}
