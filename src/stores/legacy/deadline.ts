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

/** After the deadline of a session that has no cookie of its own, such as an encrypted record. */
const BARE = '.bare'

/** A copy of a session that holds its deadline. `expiresAt` in epoch ms. */
function withDeadline(session: StoredSession, expiresAt: number): StoredSession {
  // In one piece: Node 26 writes deep data only where every string is.
  const deadline = [Math.ceil(expiresAt), hashOf(session)].join('.')
  const { cookie } = session
  if (cookie === undefined) return { ...session, cookie: { deadline: deadline + BARE } }
  // Only another program can have written something else than an object.
  return isObject(cookie) ? { ...session, cookie: { ...cookie, deadline } } : session
}

/** The same; the session itself where it is nested so deeply that JSON cannot write it. */
export function tryWithDeadline(session: StoredSession, expiresAt: number): StoredSession {
  try {
    return withDeadline(session, expiresAt)
  } catch (error) {
    if (error instanceof RangeError) return session
    throw error
  }
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
  const [, until, hash, bare] = /^(\d+)\.([\w-]+)(\.bare)?$/.exec(deadline) ?? []
  if (until === undefined) return undefined
  const isOver = Number(until) <= now && isEncodable(session) && hash === hashOf(session)
  return { session: bare ? withoutCookie(session) : { ...session, cookie: rest }, isOver }
}

function withoutCookie({ cookie: _, ...session }: StoredSession): StoredSession {
  return session
}

function hashOf(session: StoredSession): string {
  // Not spread with an undefined cookie: Node 26 would not write deep data then.
  const { cookie: _, ...keys } = session
  const data = JSON.stringify(keys)
  return createHash('sha256').update(data).digest('base64url').slice(0, HASH_LENGTH)
}
