import { SessionError } from '../../util/errors.js'
import { assertKnownOptions } from '../../util/shape.js'
import { SQL_OPTIONS } from '../other-packages.js'

/**
 * The options that all SQL stores have in common.
 * @since 1.0.0
 */
export interface SqlStoreOptions {
  /**
   * The table's name, at most 52 bytes. Quoted, so any characters are valid, with two exceptions: MySQL
   * allows no space at the end and no characters above U+FFFF (emoji), SQLite no name that begins with
   * `sqlite_`.
   * @default 'koa_sess'
   * @example new PostgresStore({ client: pool, table: 'sessions' })
   */
  table?: string
  /**
   * Returns the time in epoch ms; for tests.
   * @default Date.now
   * @example new PostgresStore({ client: pool, now: clock.now })
   */
  now?: () => number
  /**
   * How long a call may take, in ms; then it fails with a 503. With SQLite: how long a call waits while
   * another process has locked the file. Other requests run meanwhile.
   * @default 5000; with SQLite 1000
   * @example new PostgresStore({ client: pool, commandTimeout: 2000 })
   */
  commandTimeout?: number
  /**
   * How often expired rows are deleted, in ms. 0: never; call `prune()` yourself.
   * @default 60_000
   * @example new PostgresStore({ client: pool, pruneInterval: 0 })
   */
  pruneInterval?: number
  /**
   * How many rows one statement of `prune()` deletes at most.
   * @default 1000
   * @example new PostgresStore({ client: pool, pruneBatch: 500 })
   */
  pruneBatch?: number
}

const OPTIONS = ['client', 'table', 'now', 'commandTimeout', 'pruneInterval', 'pruneBatch']

// PostgreSQL cuts names after 63 bytes, and the index is named `<table>_expires_at`.
const MAX_NAME_BYTES = 52

/**
 * Refuses unknown options, names that cannot be names, and a `prepare` that is neither true nor false.
 * @param store Names the class in messages.
 * @param more The options that this store takes beside the common ones.
 * @throws {SessionError} ERR_SESSION_OPTION
 */
export function assertSqlOptions(store: string, options: object, ...more: string[]): void {
  assertKnownOptions(store, options, [...OPTIONS, ...more], SQL_OPTIONS)
  for (const option of ['table', 'schema']) {
    const name: unknown = Reflect.get(options, option)
    if (name !== undefined) assertName(option, name)
  }
  const prepare: unknown = Reflect.get(options, 'prepare')
  // A text such as 'false', as from the environment, would count as true.
  if (prepare !== undefined && typeof prepare !== 'boolean')
    throw new SessionError('ERR_SESSION_OPTION', 'prepare must be true or false.')
}

/**
 * Refuses names that this database cannot take.
 * @param rule What `isAllowed` demands, for the message.
 * @throws {SessionError} ERR_SESSION_OPTION
 */
export function assertNames(
  options: object,
  isAllowed: (name: string) => boolean,
  rule: string,
): void {
  for (const option of ['table', 'schema']) {
    const name: unknown = Reflect.get(options, option)
    if (typeof name === 'string' && !isAllowed(name))
      throw new SessionError('ERR_SESSION_OPTION', `${option} ${rule}.`)
  }
}

function assertName(option: string, name: unknown): void {
  // Half of a surrogate pair has no bytes in UTF-8: two such names would be one table.
  const isName = typeof name === 'string' && /^[^\0\p{Surrogate}]+$/u.test(name)
  if (isName && Buffer.byteLength(name) <= MAX_NAME_BYTES) return
  throw new SessionError(
    'ERR_SESSION_OPTION',
    `${option} must be a name of 1 to ${MAX_NAME_BYTES} bytes without NUL.`,
  )
}

/** @throws {SessionError} ERR_SESSION_OPTION */
export function positiveInteger(name: string, value: unknown): number {
  if (typeof value === 'number' && value >= 1 && Number.isSafeInteger(value)) return value
  throw new SessionError('ERR_SESSION_OPTION', `${name} must be a whole number above 0.`)
}
