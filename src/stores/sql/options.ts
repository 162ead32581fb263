import { SessionError } from '../../util/errors.js'

export interface SqlStoreOptions {
  /** The table's name, at most 52 bytes. Default `koa_sess`. */
  table?: string
  /** The clock, in epoch ms. Default `Date.now`; for tests. */
  now?: () => number
  /** How long a call may take, in ms; then it fails with a 503. SQLite answers at once. Default 5000. */
  commandTimeout?: number
  /** How often expired rows are deleted, in ms; 0: never, call `prune()` yourself. Default 60,000. */
  pruneInterval?: number
  /** How many rows one statement of `prune()` deletes at most. Default 1000. */
  pruneBatch?: number
}

const OPTIONS = ['client', 'table', 'now', 'commandTimeout', 'pruneInterval', 'pruneBatch']

/**
 * Checks that all options are known, and that names can be names. `more`: what this store takes beside
 * the others.
 * @throws {SessionError} ERR_SESSION_OPTION
 */
export function checkOptions(store: string, options: object, ...more: string[]): void {
  const known = [...OPTIONS, ...more]
  for (const [option, value] of Object.entries(options)) {
    if (!known.includes(option))
      throw new SessionError(
        'ERR_SESSION_OPTION',
        `new ${store}({ ${option} }) is no option: it takes ${known.join(', ')}`,
      )
    if (NAMES.includes(option) && value !== undefined) checkName(option, value)
  }
}

const NAMES = ['table', 'schema']
// What PostgreSQL keeps of a name, less what that of the index adds.
const LONGEST_NAME = 52

function checkName(option: string, name: unknown): void {
  if (typeof name === 'string' && /^[^\0]+$/.test(name) && Buffer.byteLength(name) <= LONGEST_NAME)
    return
  throw new SessionError(
    'ERR_SESSION_OPTION',
    `${option} must be a name of 1 to ${LONGEST_NAME} bytes without NUL`,
  )
}

/** Whether a client has what the store asks of it. */
export function hasMethods(client: unknown, ...names: string[]): boolean {
  const isThing = typeof client === 'function' || (typeof client === 'object' && client !== null)
  return isThing && names.every((name) => typeof Reflect.get(client, name) === 'function')
}

/** @throws {SessionError} ERR_SESSION_OPTION */
export function whole(name: string, value: unknown): number {
  if (typeof value === 'number' && value >= 1 && Number.isSafeInteger(value)) return value
  throw new SessionError('ERR_SESSION_OPTION', `${name} must be a whole number above 0`)
}
