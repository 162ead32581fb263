import { createHash } from 'node:crypto'
import { isEncodable } from '../../util/json.js'
import { isObject } from '../../util/shape.js'
import type { StoredSession } from '../contract.js'

/*
 * The deadline of a session inside of its record, as `cookie.deadline`: epoch ms, a dot, and a hash of
 * the session's keys. A store of `get`, `set` and `destroy` may expire nothing: a Map, an LRU, a fixed
 * lifetime. Without the deadline, a session would never end there.
 *
 * The hash shows that another package wrote the record since. Such a package keeps the deadline, but
 * gave the session a new lifetime, so the deadline does not count then.
 */
const HASH_LENGTH = 12

/** A copy of a session that holds its deadline. `expiresAt` in epoch ms. */
export function withDeadline(session: StoredSession, expiresAt: number): StoredSession {
  const cookie = isObject(session.cookie) ? session.cookie : {}
  const deadline = `${Math.ceil(expiresAt)}.${hashOf(session)}`
  return { ...session, cookie: { ...cookie, deadline } }
}

/** What `takeDeadline` found. */
export interface Dated {
  /** The session without its deadline, as it was before `withDeadline`. */
  readonly session: StoredSession
  /** Whether its own deadline has passed. */
  readonly isOver: boolean
}

/** Undefined: the session holds no deadline. It is not changed, as the store may keep the object. */
export function takeDeadline(session: StoredSession, now: number): Dated | undefined {
  const { cookie } = session
  if (!isObject(cookie) || typeof cookie.deadline !== 'string') return undefined
  const { deadline, ...rest } = cookie
  const [, until, hash] = /^(\d+)\.(.+)$/.exec(deadline) ?? []
  const hasPassed = until !== undefined && Number(until) <= now
  const isOver = hasPassed && isEncodable(session) && hash === hashOf(session)
  return { session: withCookie(session, rest), isOver }
}

/** An encrypted record has no cookie of its own. */
function withCookie(session: StoredSession, cookie: object): StoredSession {
  if (Object.keys(cookie).length > 0) return { ...session, cookie }
  const { cookie: _, ...rest } = session
  return rest
}

function hashOf(session: StoredSession): string {
  const data = JSON.stringify({ ...session, cookie: undefined })
  return createHash('sha256').update(data).digest('base64url').slice(0, HASH_LENGTH)
}
