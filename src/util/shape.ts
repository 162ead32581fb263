import { SessionError, type SessionErrorCode } from './errors.js'

/** Whether a value is an object that is neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether an object or a function has all of these methods. */
export function hasMethods(value: unknown, ...names: readonly string[]): value is object {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return names.every((name) => typeof Reflect.get(value, name) === 'function')
}

/**
 * Refuses options that do not exist: a misspelled one would otherwise be ignored.
 * @param owner Names what takes the options, as in `RedisStore`.
 * @throws {SessionError} ERR_SESSION_OPTION, or `code`.
 */
export function assertKnownOptions(
  owner: string,
  options: object,
  known: readonly string[],
  code: SessionErrorCode = 'ERR_SESSION_OPTION',
): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new SessionError(
    code,
    `${owner} has no option "${unknown}". It takes: ${known.join(', ')}.`,
  )
}
