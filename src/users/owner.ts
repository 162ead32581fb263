import { SessionError } from '../util/errors.js'

/** What the option `users.of` may return. */
export type UserId = string | number

/**
 * A user as text: the number 1 and the text `1` are one user. undefined: no user.
 * @throws {SessionError} ERR_SESSION_OPTION
 */
export function userOf<S>(of: (session: S) => unknown, session: S): string | undefined {
  const user = of(session)
  return user === undefined || user === null || user === '' ? undefined : userText(user)
}

/** @throws {SessionError} ERR_SESSION_OPTION */
export function userText(user: unknown): string {
  if (typeof user === 'string' && user !== '') return user
  if (typeof user === 'number' && Number.isFinite(user)) return String(user)
  throw new SessionError(
    'ERR_SESSION_OPTION',
    'users.of must return the id of the user, a text or a number, and undefined for no user. sessions.of takes the same id',
  )
}
