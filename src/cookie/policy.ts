import { LONGEST_COOKIE } from '../util/duration.js'
import { SessionError } from '../util/errors.js'
import {
  type CookieOptions,
  decodeCookie,
  encodeCookie,
  makeCookie,
  SessionCookie,
} from './attributes.js'

/** The cookie as it was configured: what a session's own cookie starts from and is checked against. */
export class CookieTemplate {
  readonly base: SessionCookie
  /** What a session stores that alters nothing. */
  readonly json: string
  /** How a record ends whose session altered nothing. */
  readonly tail: string
  readonly #key: string

  /** @throws {SessionError} ERR_SESSION_COOKIE, ERR_SESSION_DURATION */
  constructor(key: string, options: CookieOptions = {}, now = Date.now()) {
    this.#key = key
    this.base = makeCookie(new SessionCookie(), withPrefixRules(key, options))
    if (this.base.expires && this.base.expires.getTime() > now + LONGEST_COOKIE) {
      throw new SessionError(
        'ERR_SESSION_COOKIE',
        'cookie.expires must be at most 400 days ahead: browsers keep no cookie longer',
      )
    }
    this.json = encodeCookie(this.base, this.base)
    this.tail = `"cookie":${this.json}}`
  }

  /** A session's cookie, held to the same rules as the options. */
  complete(cookie: object): SessionCookie {
    return makeCookie(this.base, withPrefixRules(this.#key, cookie))
  }

  encode(cookie: SessionCookie): string {
    return encodeCookie(this.complete(cookie), this.base)
  }

  /** What was stored of a session's cookie; what breaks the rules of today is as the options say. */
  decode(stored: unknown): SessionCookie {
    const cookie = decodeCookie(stored, this.base)
    try {
      this.complete(cookie)
      return cookie
    } catch {
      return Object.assign(new SessionCookie(), this.base)
    }
  }
}

// RFC 6265bis, 4.1.3: browsers drop a cookie that claims a prefix and does not keep to it, whatever its case.
function withPrefixRules(key: string, options: CookieOptions): CookieOptions {
  const host = /^__host-/i.test(key)
  if (!host && !/^__secure-/i.test(key)) return options
  const misses =
    options.secure === false || (host && (options.domain || (options.path ?? '/') !== '/'))
  if (misses) {
    throw new SessionError(
      'ERR_SESSION_COOKIE',
      `A cookie named ${key.slice(0, key.indexOf('-') + 1)}… must be secure${host ? ', with path / and no domain' : ''}: browsers drop it otherwise`,
    )
  }
  return { ...options, secure: true }
}
