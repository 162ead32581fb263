import { SessionError } from '../util/errors.js'
import { isObject } from '../util/shape.js'

/**
 * Refuses as the cookie of a session what is not an object of attributes.
 * @throws {SessionError} ERR_SESSION_COOKIE
 */
export function assertAttributes(cookie: unknown): asserts cookie is object {
  if (isObject(cookie)) return
  throw new SessionError(
    'ERR_SESSION_COOKIE',
    'cookie is the name of the cookie of a session, an object of attributes: keep data under another key',
  )
}
