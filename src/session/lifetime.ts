import { timeToLive } from '../util/duration.js'
import { Session } from './session.js'
import type { Visit } from './state.js'

/** How long from now, in ms: the idle timeout, or what is left of the absolute one. */
export function lifetime(visit: Visit, session: Session): number {
  const { ttl, now, absoluteTimeout } = visit.config
  const idle = timeToLive(session, Session.cookieOf(session), ttl, now())
  if (absoluteTimeout === undefined) return idle
  return Math.min(idle, Session.begin(session, now()) + absoluteTimeout - now())
}

export function deadline(visit: Visit, session: Session): number {
  return visit.config.now() + lifetime(visit, session)
}

/** When cookie or record end, whichever is first, if the record ends at `expiresAt`. */
export function firstEnd(visit: Visit, session: Session, expiresAt: number): number {
  const { expires, maxAge } = Session.cookieOf(session)
  const cookie = expires?.getTime() ?? (maxAge ? visit.config.now() + maxAge : expiresAt)
  return Math.min(cookie, expiresAt)
}

/**
 * The option `renew`: whether so little is left of a session that it is extended, in the store and
 * in the browser. One that cannot get any further is not written for that.
 */
export function isRenewable(visit: Visit, session: Session, until: number | undefined): boolean {
  const { renew, now } = visit.config
  if (renew === undefined) return false
  const fresh = firstEnd(visit, session, deadline(visit, session))
  if (until === undefined) return true
  const threshold = renew < 1 ? renew * (fresh - now()) : renew
  return until - now() < threshold && fresh > until
}
