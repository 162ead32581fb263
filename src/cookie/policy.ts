import { LONGEST_COOKIE } from '../util/duration.js'
import { SessionError } from '../util/errors.js'
import { type CookieOptions, makeCookie, SessionCookie } from './attributes.js'

/** The cookie as it was configured: the defaults of every session's cookie, and the rules for it. */
export class CookiePolicy {
  readonly defaults: SessionCookie
  readonly #key: string

  /** @throws {SessionError} ERR_SESSION_COOKIE, ERR_SESSION_DURATION */
  constructor(key: string, options: CookieOptions = {}, now = Date.now()) {
    this.#key = key
    this.defaults = makeCookie(new SessionCookie(), withPrefixRules(key, options))
    if (this.defaults.expires && this.defaults.expires.getTime() > now + LONGEST_COOKIE) {
      throw new SessionError(
        'ERR_SESSION_COOKIE',
        'cookie.expires must be at most 400 days ahead: browsers keep no cookie longer',
      )
    }
  }

  /**
   * The cookie of one session: these attributes over the defaults, under the rules of the options.
   * @throws {SessionError} ERR_SESSION_COOKIE, ERR_SESSION_DURATION
   */
  complete(cookie: object): SessionCookie {
    return makeCookie(this.defaults, withPrefixRules(this.#key, cookie))
  }
}

/** Browsers drop a cookie that breaks the rules of its prefix, in any case (RFC 6265bis, 4.1.3). */
function withPrefixRules(key: string, options: CookieOptions): CookieOptions {
  const [prefix] = /^__(?:host-http|host|http|secure)-/i.exec(key) ?? []
  if (prefix === undefined) return options
  const [isHost, isHttp] = [/^__host/i.test(prefix), /http-$/i.test(prefix)]
  const breaksRules =
    options.secure === false ||
    (isHttp && options.httpOnly === false) ||
    (isHost && (options.domain || (options.path ?? '/') !== '/'))
  if (breaksRules) {
    const rules = [isHttp ? ' and httpOnly' : '', isHost ? ', with path / and no domain' : '']
    throw new SessionError(
      'ERR_SESSION_COOKIE',
      `A cookie named ${prefix}… must be secure${rules.join('')}: browsers drop it otherwise`,
    )
  }
  return { ...options, secure: true }
}
