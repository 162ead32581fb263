/** Every code a `SessionError` can carry; docs/errors.md says for each what happened and what to do. */
export type SessionErrorCode =
  | 'ERR_SESSION_OPTION'
  | 'ERR_SESSION_DURATION'
  | 'ERR_SESSION_COOKIE'
  | 'ERR_SESSION_STORE_CONTRACT'
  | 'ERR_SESSION_CLIENT'
  | 'ERR_SESSION_KEYS'
  | 'ERR_SESSION_INSECURE'
  | 'ERR_SESSION_ID'
  | 'ERR_SESSION_VALUE'
  | 'ERR_SESSION_DATA'
  | 'ERR_SESSION_SIZE'
  | 'ERR_SESSION_CONTEXT'
  | 'ERR_SESSION_STORE'
  | 'ERR_SESSION_UNAVAILABLE'
  | 'ERR_SESSION_CONFLICT'
  | 'ERR_SESSION_ENDED'
  | 'ERR_SESSION_LIMIT'
  | 'ERR_SESSION_REVOKED'
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
 */
export class SessionError extends Error {
  override readonly name = 'SessionError'
  readonly code: SessionErrorCode
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
