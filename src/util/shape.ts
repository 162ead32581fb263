import { SessionError } from './errors.js'
import { nearestName } from './nearest-name.js'

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
 * Refuses options that do not exist, as a misspelled one would be ignored, and what is no object.
 * @param owner Names what takes the options, as in `RedisStore`.
 * @param elsewhere Options of other packages, and what does the same here.
 * @throws {SessionError} ERR_SESSION_OPTION
 */
export function assertKnownOptions(
  owner: string,
  options: unknown,
  known: readonly string[],
  elsewhere: Readonly<Record<string, string>> = {},
): void {
  if (!isObject(options))
    throw new SessionError('ERR_SESSION_OPTION', `${owner} takes an object of options.`)
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const meant = Object.hasOwn(elsewhere, unknown)
    ? ` Here it is ${elsewhere[unknown]}.`
    : question(nearestName(unknown, known))
  throw new SessionError(
    'ERR_SESSION_OPTION',
    `${owner} has no option "${unknown}".${meant} It takes: ${known.join(', ')}.`,
  )
}

function question(name: string | undefined): string {
  return name === undefined ? '' : ` Did you mean "${name}"?`
}
