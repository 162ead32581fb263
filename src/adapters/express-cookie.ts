import { createHmac, timingSafeEqual } from 'node:crypto'
import { type CookieOptions, makeCookie, SessionCookie } from '../cookie/attributes.js'
import { cookieValues } from '../cookie/header.js'
import { mergeLines, serializeAttributes } from '../cookie/set-cookie.js'
import { SessionError } from '../util/errors.js'
import { assertKnownOptions } from '../util/shape.js'

/**
 * The options of express-session that say how its cookie is made: the same object fits both.
 * @since Unreleased
 */
export interface ExpressCookieOptions {
  /**
   * The secret of express-session, or all of them: the first one signs, all of them verify.
   * @example expressCookie({ secret: 'a long random secret' })
   */
  secret: string | readonly string[]
  /**
   * Name of the cookie.
   * @default 'connect.sid'
   * @example expressCookie({ secret: 'a long random secret', name: 'sid' })
   */
  name?: string | undefined
  /**
   * Attributes of the cookie. The lifetime is that of the session: the option `cookie` of the middleware.
   * @default `HttpOnly`, `SameSite=Lax`, path `/`
   * @example expressCookie({ secret: 'a long random secret', cookie: { secure: true } })
   */
  cookie?: CookieOptions | undefined
}

/** What is read and written of Koa's context. */
interface CookieContext {
  readonly secure: boolean
  readonly req: { readonly headers: { readonly cookie?: string | undefined } }
  readonly res: { getHeader(name: string): number | string | readonly string[] | undefined }
  set(name: string, value: string[]): void
}

/** What `expressCookie` returns, for the option `sessionIdStore`. */
export interface ExpressCookie {
  get(this: CookieContext): string | undefined
  set(
    this: CookieContext,
    sid: string,
    session: { readonly cookie: Pick<CookieOptions, 'maxAge' | 'expires'> },
  ): void
  reset(this: CookieContext): void
}

/**
 * Carries session ids in the signed cookie of express-session: `session({ sessionIdStore:
 * expressCookie({ secret }) })`. With one store for both, Express and Koa share a login: docs/recipes.md.
 * @throws {SessionError} ERR_SESSION_OPTION, ERR_SESSION_COOKIE, ERR_SESSION_DURATION
 * @since Unreleased
 * @example session({ store, sessionIdStore: expressCookie({ secret: 'a long random secret' }) })
 */
export function expressCookie(options: ExpressCookieOptions): ExpressCookie {
  assertKnownOptions('expressCookie', options, ['secret', 'name', 'cookie'])
  const { name = 'connect.sid', secret } = options
  if (typeof name !== 'string' || !/^[\w!#$%&'*+.^`|~-]+$/.test(name))
    throw new SessionError('ERR_SESSION_OPTION', 'options.name must be the name of a cookie.')
  const secrets = [secret].flat()
  const [current] = secrets
  if (!current || !secrets.every((each) => typeof each === 'string' && each !== ''))
    throw new SessionError(
      'ERR_SESSION_OPTION',
      'expressCookie needs the option secret: the secret of express-session, or an array of its secrets.',
    )
  const attributes = makeCookie(new SessionCookie(), options.cookie ?? {})
  return {
    get() {
      const values = cookieValues(this.req.headers.cookie ?? '', name)
      return values.map((value) => verify(value, secrets)).find((sid) => sid !== undefined)
    },
    set(sid, { cookie: { maxAge, expires } }) {
      const signed = encodeURIComponent(`s:${sid}.${sign(sid, current)}`)
      send(this, `${name}=${signed}`, makeCookie(attributes, { maxAge, expires }))
    },
    reset() {
      send(this, `${name}=`, makeCookie(attributes, { expires: new Date(0) }))
    },
  }
}

/** As the package cookie-signature does it. */
function sign(sid: string, secret: string): string {
  return createHmac('sha256', secret).update(sid).digest('base64').replace(/=+$/, '')
}

/** The id in a value of the cookie; undefined where no secret signed it. */
function verify(value: string, secrets: readonly string[]): string | undefined {
  const signed = decode(value)
  if (!signed?.startsWith('s:')) return undefined
  const dot = signed.lastIndexOf('.')
  const [sid, signature] = [signed.slice(2, dot), Buffer.from(signed.slice(dot + 1))]
  const fits = secrets.some((secret) => {
    const expected = Buffer.from(sign(sid, secret))
    return expected.length === signature.length && timingSafeEqual(expected, signature)
  })
  return fits ? sid : undefined
}

/** Undefined for `%` and other escapes that cannot be decoded. */
function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}

function send(ctx: CookieContext, pair: string, attributes: SessionCookie): void {
  const earlier = [ctx.res.getHeader('Set-Cookie') ?? []].flat().map(String)
  const line = pair + serializeAttributes(attributes, Date.now(), ctx.secure)
  ctx.set('Set-Cookie', mergeLines(earlier, [line]))
}
