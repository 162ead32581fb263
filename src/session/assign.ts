import { SessionError } from '../util/errors.js'
import { isObject } from '../util/shape.js'
import { copy, Session } from './session.js'
import type { SessionState } from './state.js'

/**
 * `ctx.session = value`. A new object keeps id and cookie of the session that it replaces. After null
 * it is a new session, with a new id.
 * @throws {SessionError} ERR_SESSION_VALUE
 */
export function assign(state: SessionState, value: unknown): void {
  const before = state.current
  if (value === null || value === undefined) state.setCurrent(null)
  else if (value !== before) {
    const session = adopt(state, value)
    if (before) Session.inherit(session, Session.storedCookie(before))
    else if (before === undefined) Session.inherit(session, state.found?.content?.cookie)
    state.setCurrent(session)
  }
}

function adopt(state: SessionState, value: unknown): Session {
  // A promise is an object too: its await was forgotten.
  if (!isObject(value) || typeof value.then === 'function') {
    throw new SessionError(
      'ERR_SESSION_VALUE',
      'ctx.session can be set to an object, or to null to end the session',
    )
  }
  const { cookie, ...data } = copy(value)
  const session = state.make({ data })
  if (typeof cookie !== 'object' || cookie === null) return session
  // With `own` it is a stored cookie, as ctx.sessionStore returns it.
  if ('own' in cookie) Session.edit(session, 'cookie', cookie)
  else session.cookie = cookie
  return session
}
