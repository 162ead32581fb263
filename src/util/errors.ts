/**
 * Every code a `SessionError` can carry; docs/errors.md says for each what happened and what to do.
 * @since 1.0.0
 */
export type SessionErrorCode =
  /**
   * An option is unknown, unusable, or not safe beside another one.
   * @example session({ prefix: '', cookie: { signed: false } })
   */
  | 'ERR_SESSION_OPTION'
  /**
   * A duration is not a number of ms in range.
   * @example session({ ttl: -1 })
   */
  | 'ERR_SESSION_DURATION'
  /**
   * A cookie attribute is unknown, malformed, or contradicts another one.
   * @example session({ cookie: { sameSite: 'none', secure: false } })
   */
  | 'ERR_SESSION_COOKIE'
  /**
   * A store lacks methods.
   * @example session({ store: Object(client) })
   */
  | 'ERR_SESSION_STORE_CONTRACT'
  /**
   * A store does not know its `client`, or the client cannot do what is asked.
   * @example new RedisStore({ client: Object('redis://localhost') })
   */
  | 'ERR_SESSION_CLIENT'
  /**
   * `app.keys` are missing or can be guessed.
   * @example app.keys = ['short']
   */
  | 'ERR_SESSION_KEYS'
  /**
   * The cookie is `secure` and the connection is not.
   * @example session({ cookie: { secure: true } })
   */
  | 'ERR_SESSION_INSECURE'
  /**
   * `genSid` returned something that cannot be an id, or only ids that exist.
   * @example session({ genSid: () => 'short' })
   */
  | 'ERR_SESSION_ID'
  /**
   * The session was set to something that is neither an object nor null.
   * @example ctx.session = Object('ada')
   */
  | 'ERR_SESSION_VALUE'
  /**
   * The session holds something that JSON cannot write.
   * @example Object.assign(ctx.session, { id: 1n })
   */
  | 'ERR_SESSION_DATA'
  /**
   * The session is larger than `maxBytes`, or than a cookie.
   * @example session({ maxBytes: 16 })
   */
  | 'ERR_SESSION_SIZE'
  /**
   * There is no session here, or two middlewares define it.
   * @example app.use(session()).use(session({ store }))
   */
  | 'ERR_SESSION_CONTEXT'
  /**
   * The store failed, and will fail again.
   * @example ctx.session.views = 1 // the user of Redis may not SET
   */
  | 'ERR_SESSION_STORE'
  /**
   * The store cannot serve just now. Status 503.
   * @example ctx.session.views = 1 // Redis is away
   */
  | 'ERR_SESSION_UNAVAILABLE'
  /**
   * Another request changed the same key, with `onConflict: 'throw'`; or other processes won every round. Status 409.
   * @example session({ onConflict: 'throw' })
   */
  | 'ERR_SESSION_CONFLICT'
  /**
   * The session ended before an update was stored. Status 409.
   * @since Unreleased
   * @example await ctx.session.update((draft) => { draft.views = 1 })
   */
  | 'ERR_SESSION_ENDED'
  /**
   * The user has `users.max` sessions. Status 409.
   * @since Unreleased
   * @example session({ users: { of: (session) => session.user, max: 1, whenFull: 'refuse' } })
   */
  | 'ERR_SESSION_LIMIT'
  /**
   * All sessions of the user were ended after the checkpoint of this login. Status 401.
   * @since Unreleased
   * @example ctx.regenerateSession({ checkpoint })
   */
  | 'ERR_SESSION_REVOKED'
  /**
   * The session is bound to a device that the request does not prove. Status 401.
   * @since Unreleased
   * @example app.use(deviceBound())
   */
  | 'ERR_SESSION_DEVICE'

const STATUS: Partial<Record<SessionErrorCode, number>> = {
  ERR_SESSION_UNAVAILABLE: 503,
  ERR_SESSION_CONFLICT: 409,
  ERR_SESSION_ENDED: 409,
  ERR_SESSION_LIMIT: 409,
  ERR_SESSION_REVOKED: 401,
  ERR_SESSION_DEVICE: 401,
}

/** How long a client should wait before it tries again, in seconds: most failovers are over by then. */
const RETRY_AFTER = '5'

/**
 * The one error class of this package. `code` is stable, `status` is the HTTP status that Koa
 * answers with (500 unless said otherwise), `cause` is what a store or a hook threw.
 * Messages never hold an id, a cookie value or session data.
 * @since 1.0.0
 */
export class SessionError extends Error {
  /** Distinguishes it from other errors where `instanceof` cannot. */
  override readonly name = 'SessionError'
  /** What happened. It stays the same in later versions. */
  readonly code: SessionErrorCode
  /** The HTTP status that Koa answers with. */
  readonly status: number
  /** False, but for ERR_SESSION_DEVICE: that is an answer for the client, and nothing to log. */
  readonly expose: boolean

  constructor(code: SessionErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
    this.status = STATUS[code] ?? 500
    this.expose = code === 'ERR_SESSION_DEVICE'
  }

  /**
   * The headers that Koa sends with the error: `Retry-After` for a 503 (RFC 9110, 10.2.3), else undefined.
   * An error page of your own sends them by `ctx.set(error.headers)`.
   * @since Unreleased
   */
  get headers(): Record<string, string> | undefined {
    return this.status === 503 ? { 'Retry-After': RETRY_AFTER } : undefined
  }
}

/** A 503: the store cannot serve just now. */
export function unavailable(message: string, cause?: unknown): SessionError {
  return new SessionError('ERR_SESSION_UNAVAILABLE', message, { cause })
}

/** A 409: every one of the bounded retries met a newer write. */
export function tooManyConflicts(): SessionError {
  return new SessionError(
    'ERR_SESSION_CONFLICT',
    'Other requests changed this session faster than it could be written: let the client try again',
  )
}

/** A 409: a change was asked for that cannot be stored any more. */
export function sessionEnded(): SessionError {
  return new SessionError(
    'ERR_SESSION_ENDED',
    'The session ended before the change could be stored, and nothing was stored: let the user log in again',
  )
}

/** A 500: the id of a new session cannot reach the browser any more. */
export function headersSent(): SessionError {
  return new SessionError(
    'ERR_SESSION_CONTEXT',
    'The headers of the answer were sent, so that the cookie of a new session cannot be: call update() before the answer begins',
  )
}
