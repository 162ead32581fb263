import { SessionCookie } from '../cookie/attributes.js'
import { SessionError } from '../util/errors.js'
import { isObject } from '../util/shape.js'
import { assertAttributes } from './assert-attributes.js'
import { copy } from './own-keys.js'
import { Session } from './session.js'
import type { SessionState } from './state.js'
import { isStored } from './stored-objects.js'

/**
 * `ctx.session = value`. A new object keeps id and cookie of the session that it replaces. After null
 * it is a new session, with a new id.
 * @throws {SessionError} ERR_SESSION_VALUE, ERR_SESSION_COOKIE
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
  if (isStored(cookie)) Session.edit(session, 'cookie', cookie)
  else if (cookie instanceof SessionCookie) session.cookie = cookie
  else if (cookie !== undefined) throw asData(cookie)
  return session
}

/** A request body that becomes the session must not choose its cookie. */
function asData(cookie: unknown): SessionError {
  assertAttributes(cookie)
  return new SessionError(
    'ERR_SESSION_COOKIE',
    'ctx.session was set to an object with a key cookie: set attributes on ctx.session.cookie, and keep data under another key',
  )
}
