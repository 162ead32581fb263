import { createHmac, randomBytes } from 'node:crypto'
import { type Channel, channel } from 'node:diagnostics_channel'

/**
 * Why a cookie that was presented led to no session.
 * @since 1.0.0
 */
export type Rejection =
  /** No key of `app.keys` made its signature; with `koa-sess/cookie`: no key opens it. */
  | 'signature'
  /** It cannot be an id. */
  | 'shape'
  /** The store knows no such session. */
  | 'unknown'
  /** Its own deadline passed: the absolute one, or a fixed `expires`. */
  | 'expired'
  /** Its record is encrypted with an unknown key, was altered, or is not encrypted and must be. */
  | 'decrypt'
  /** What is stored is not a record, or the option `valid` refused it. */
  | 'invalid'
  /** It ended or moved moments ago. */
  | 'superseded'

/**
 * Why a login was refused, or sessions of a user were ended.
 * @since Unreleased
 */
export type UserReason =
  /** The user has as many sessions as the option `users.max` allows. */
  | 'limit'
  /** All sessions of the user were ended after the login began. */
  | 'revoked'

/**
 * Why a request of a bound session, or a proof of its device, was refused.
 * @since Unreleased
 */
export type DeviceRefusal =
  /** The request had no bound cookie. */
  | 'unproved'
  /** Its bound cookie has ended. */
  | 'outdated'
  /** No key made its bound cookie, or it belongs to another session. */
  | 'forged'
  /** The proof is not a JWT of the kind that is asked for, or it is too long. */
  | 'proof'
  /** The proof answers no current challenge of this session. */
  | 'challenge'
  /** The key of the device did not sign the proof. */
  | 'signature'
  /** The session is bound to a device already. */
  | 'registered'

/** Why something happened, in a notice. */
export type Reason = Rejection | UserReason | DeviceRefusal

/**
 * The names of all events.
 * @since 1.0.0
 */
export const EVENTS = [
  /**
   * A session was stored under a new id.
   * @example ctx.session.user = 'ada'
   */
  'create',
  /**
   * It was extended, and nothing else changed.
   * @example ctx.session.touch()
   */
  'renew',
  /**
   * It moved to a new id; `before` is what it was.
   * @example ctx.regenerateSession()
   */
  'regenerate',
  /**
   * It was ended.
   * @example ctx.session = null
   */
  'destroy',
  /**
   * It was presented after its own deadline: the absolute one, or a fixed `expires`.
   * @example session({ absoluteTimeout: 12 * 3_600_000 })
   */
  'expire',
  /**
   * A request wanted to write it or to send its cookie, and it had ended meanwhile: nothing was stored or sent.
   * @example ctx.session.views = 1 // another tab logged out meanwhile
   */
  'gone',
  /**
   * Another request wrote in between, and the two were merged.
   * @example ctx.session.views = 1 // another tab wrote it meanwhile
   */
  'conflict',
  /**
   * A cookie was presented that led to no session; `why` says the reason.
   * @example session({ valid: () => false })
   */
  'reject',
  /**
   * The headers were sent already, so the cookie could not be.
   * @example ctx.res.flushHeaders() // and then a new session
   */
  'unsent',
  /**
   * Sessions of a user were ended; `count` says how many.
   * @since Unreleased
   * @example await ctx.sessions.endOthers()
   */
  'users:ended',
  /**
   * A login was refused; `why` is `limit` or `revoked`.
   * @since Unreleased
   * @example ctx.regenerateSession({ checkpoint })
   */
  'users:refused',
  /**
   * A device registered its key: the session is bound to it.
   * @since Unreleased
   * @example await ctx.bindDevice()
   */
  'device:bound',
  /**
   * A request of a bound session, or a proof, was refused; `why` says the reason.
   * @since Unreleased
   * @example app.use(deviceBound())
   */
  'device:refused',
  /**
   * Connections could not be checked, as the store failed; `count` says how many. None was ended.
   * @since Unreleased
   * @example await sessions.open(req) // and then the store is away
   */
  'recheck:failed',
] as const

/** What happened to a session; emitted on the app as `session:` and the name, and in `node:diagnostics_channel` as `koa-sess:` and the name. */
export type SessionEvent = (typeof EVENTS)[number]

/**
 * One event, safe to log: nothing in it is an id, a cookie or data.
 * @since 1.0.0
 */
export interface SessionNotice {
  /** The name of the event. */
  event: SessionEvent
  /** The name of the cookie, which distinguishes several middlewares. */
  key: string
  /** A salted hash of the id: the same text for the same session. */
  session?: string
  /** With `regenerate`: the session that it was before. */
  before?: string
  /** With `reject`, `users:refused`, `device:refused`, and `users:ended` where the limit was reached. */
  why?: Reason
  /** With `users:ended` and `users:refused`: a salted hash of the user. */
  user?: string
  /** With `users:ended`: how many sessions. With `recheck:failed`: how many checks. */
  count?: number
}

/** What an event is about, with the bare ids, which never leave this package. */
export interface EventDetails {
  id?: string | undefined
  before?: string | undefined
  why?: Reason | undefined
  user?: string | undefined
  count?: number | undefined
}

/** A context of Koa, as far as events need it. */
interface EventContext {
  app: {
    listenerCount(name: string): number
    emit(name: string, ...args: unknown[]): unknown
  }
}

const CHANNELS = new Map<string, Channel>(EVENTS.map((name) => [name, channel(`koa-sess:${name}`)]))

/** The names that koa-session gives them on the app, and `superseded`. */
const APP_NAMES: Partial<Record<Reason, string>> = {
  unknown: 'missed',
  expired: 'expired',
  invalid: 'invalid',
  superseded: 'superseded',
}

const HASH_BYTES = 12
const SALT_BYTES = 32

/** Emits what happens to sessions. Without a listener, no notice is made. */
export class Events {
  readonly #key: string
  #salt: string | Buffer | undefined

  constructor(key: string, salt: string | undefined) {
    this.#key = key
    this.#salt = salt
  }

  emit(ctx: EventContext, event: SessionEvent, details: EventDetails = {}): void {
    this.publish(event, details)
    this.#emitOnApp(ctx, event, event, details)
    const appName = details.why && APP_NAMES[details.why]
    if (appName) this.#emitOnApp(ctx, appName, event, details)
  }

  /** In `node:diagnostics_channel` alone: for what happens outside of a request. */
  publish(event: SessionEvent, details: EventDetails): void {
    const published = CHANNELS.get(event)
    if (published?.hasSubscribers) published.publish(this.#notice(event, details))
  }

  #emitOnApp(ctx: EventContext, name: string, event: SessionEvent, details: EventDetails): void {
    if (ctx.app.listenerCount(`session:${name}`) === 0) return
    try {
      ctx.app.emit(`session:${name}`, { ctx, ...this.#notice(event, details) })
    } catch (error) {
      // The session is stored already: a listener that throws must not fail the request.
      ctx.app.emit('error', error, ctx)
    }
  }

  #notice(event: SessionEvent, details: EventDetails): SessionNotice {
    const { id, before, why, user, count } = details
    const notice: SessionNotice = { event, key: this.#key }
    if (id !== undefined) notice.session = this.#hash(id)
    if (before !== undefined) notice.before = this.#hash(before)
    if (why) notice.why = why
    if (user !== undefined) notice.user = this.#hash(user)
    if (count !== undefined) notice.count = count
    return notice
  }

  #hash(id: string): string {
    // Not in the constructor: Cloudflare's workerd refuses random numbers before the first request.
    this.#salt ??= randomBytes(SALT_BYTES)
    const mac = createHmac('sha256', this.#salt).update(id).digest()
    return mac.toString('base64url', 0, HASH_BYTES)
  }
}
