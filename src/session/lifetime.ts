import type { SessionCookie } from '../cookie/attributes.js'
import type { Peer, RecordEnd } from '../record/format.js'
import { duration, ONE_DAY } from '../util/duration.js'

/** The option `ttl`: the idle timeout in ms, or a function of the session. It may return nothing to follow the cookie. */
export type Ttl<Data> = number | ((session: Data) => number | null | undefined)

/** How to read of a session what its lifetime depends on. */
export interface SessionReader<S> {
  /** The cookie that is sent. */
  sentCookie(session: S): SessionCookie
  /** When the session began, in epoch ms: `now`, where that was not recorded. */
  beganAt(session: S, now: number): number
  /** The lifetime that another package set, in ms. */
  lifetimeOfOthers(session: S): number | undefined
}

/** What a record says about its own end. */
export interface RecordTimes {
  /** It says nothing of its beginning or end. */
  readonly isTimeless: boolean
  readonly end: RecordEnd
  /** When the session began, in epoch ms. */
  readonly createdAt: number | undefined
  /** The fixed end of its cookie, in epoch ms; Infinity: it has none; undefined: it follows the options. */
  readonly cookieEnd: number | undefined
}

export interface LifetimeOptions<S> {
  ttl: Ttl<S> | undefined
  /** How long a session lives at most, in ms. */
  absoluteTimeout: number | undefined
  /** Every request extends its session. */
  rolling: boolean
  /** What has to be left of a session that is not extended: ms, or a fraction below 1. */
  renew: number | undefined
  /** The cookie as configured. */
  cookie: SessionCookie
  now: () => number
}

/** When sessions end: the one place that says it. */
export class Lifetime<S extends object> {
  readonly absoluteTimeout: number | undefined
  /** Every request with a session extends it, and not only when little is left. */
  readonly isRolling: boolean
  /** By how many ms a read may extend the deadline in the same call; undefined: only the session can say. */
  readonly extendOnRead: number | undefined
  readonly now: () => number
  readonly #ttl: Ttl<S> | undefined
  readonly #renew: number | undefined
  readonly #cookie: SessionCookie
  readonly #read: SessionReader<S>

  constructor(
    { ttl, absoluteTimeout, rolling, renew, cookie, now }: LifetimeOptions<S>,
    read: SessionReader<S>,
  ) {
    this.#read = read
    this.absoluteTimeout = absoluteTimeout
    this.isRolling = rolling && renew === undefined
    this.extendOnRead = this.isRolling ? fixedIdleTimeout(ttl, cookie) : undefined
    this.now = now
    this.#ttl = ttl
    this.#renew = renew
    this.#cookie = cookie
  }

  /**
   * How long from now, in ms: the idle timeout, or what is left of the absolute one. Zero or less: it
   * has ended.
   */
  left(session: S): number {
    const idle = this.#idle(session)
    const end = this.absoluteEnd(session)
    return end === undefined ? idle : Math.min(idle, end - this.now())
  }

  /** When the store forgets the session, in epoch ms. */
  deadline(session: S): number {
    return this.now() + this.left(session)
  }

  /** When the session ends however busy it is, in epoch ms; undefined: never. */
  absoluteEnd(session: S): number | undefined {
    if (this.absoluteTimeout === undefined) return undefined
    return this.#read.beganAt(session, this.now()) + this.absoluteTimeout
  }

  /** Whether the absolute timeout of a session has passed. */
  isPast(session: S): boolean {
    const end = this.absoluteEnd(session)
    return end !== undefined && end <= this.now()
  }

  /** Whether a record has passed an end of its own: the absolute one, koa-session's, or its cookie's. */
  isOver(record: RecordTimes): boolean {
    const now = this.now()
    const end = this.#cookie.expires?.getTime() ?? Number.POSITIVE_INFINITY
    if (record.isTimeless) return end <= now
    const { peer } = record.end
    if (typeof peer === 'object' && peer.expire <= now) return true
    const { createdAt, cookieEnd } = record
    if (this.absoluteTimeout !== undefined && createdAt !== undefined)
      if (createdAt + this.absoluteTimeout <= now) return true
    return (cookieEnd ?? end) <= now
  }

  /**
   * The option `renew`: whether so little is left of a session that it is extended, in the store and
   * in the browser. A session that cannot end any later is not written for that.
   */
  isRenewable(session: S, until: number | undefined): boolean {
    if (this.#renew === undefined) return false
    const fresh = this.#firstEnd(session, this.deadline(session))
    if (until === undefined) return true
    const threshold = this.#renew < 1 ? this.#renew * (fresh - this.now()) : this.#renew
    return until - this.now() < threshold && fresh > until
  }

  /** Whether the idle timeout depends on what a session holds. */
  get dependsOnData(): boolean {
    return typeof this.#ttl === 'function'
  }

  /** Whether sessions are extended only when little is left of them. */
  get renews(): boolean {
    return this.#renew !== undefined
  }

  /** Whether a record holds its own deadline, so that extending it means writing it. */
  keepsDeadline({ peer }: RecordEnd): boolean {
    return typeof peer === 'object' || this.renews
  }

  /** What a record that is stored until `expiresAt` holds about its end; `before`: what it held so far. */
  endToWrite(session: S, expiresAt: number, before: RecordEnd): RecordEnd {
    return {
      peer: before.peer && this.#peerUntil(session, expiresAt),
      until: this.renews ? this.#firstEnd(session, expiresAt) : before.until,
    }
  }

  /** Whether what is written depends on the moment of writing. */
  isTimed({ peer }: RecordEnd): boolean {
    return this.renews || this.absoluteTimeout !== undefined || peer !== undefined
  }

  #peerUntil(session: S, expire: number): Peer {
    const { maxAge } = this.#read.sentCookie(session)
    return maxAge ? { expire, maxAge } : 'session'
  }

  /** A fixed end always counts. A longer lifetime that this user was given lengthens a `ttl` that is a number. */
  #idle(session: S): number {
    const cookie = this.#read.sentCookie(session)
    const { expires, maxAge } = cookie
    const fixed = expires ? expires.getTime() - this.now() : undefined
    const ttl = typeof this.#ttl === 'function' ? this.#ttl(session) : this.#ttl
    if (ttl === undefined || ttl === null || ttl === 0) return fixed ?? (maxAge || ONE_DAY)
    const idle = duration('ttl', ttl)
    const longest = this.dependsOnData ? idle : Math.max(idle, this.#ownAge(session, cookie))
    return fixed === undefined ? longest : Math.min(longest, fixed)
  }

  /** How long the cookie of this user is kept, in ms; 0: as long as the options, or another package, say. */
  #ownAge(session: S, { expires, maxAge }: SessionCookie): number {
    const { expires: end, maxAge: age } = this.#cookie
    if (expires) return expires.getTime() === end?.getTime() ? 0 : expires.getTime() - this.now()
    if (!maxAge || maxAge === age || maxAge === this.#read.lifetimeOfOthers(session)) return 0
    return maxAge
  }

  /** When cookie or record end, whichever is first, if the record ends at `expiresAt`. */
  #firstEnd(session: S, expiresAt: number): number {
    const { expires, maxAge } = this.#read.sentCookie(session)
    const cookie = expires?.getTime() ?? (maxAge ? this.now() + maxAge : expiresAt)
    return Math.min(cookie, expiresAt)
  }
}

/** The idle timeout where it is the same for every session, in ms. */
export function fixedIdleTimeout(ttl: unknown, cookie: SessionCookie): number | undefined {
  if (cookie.expires) return undefined
  if (typeof ttl === 'number') return ttl
  return ttl === undefined ? (cookie.maxAge ?? ONE_DAY) : undefined
}
