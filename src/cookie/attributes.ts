import { duration, LONGEST_COOKIE } from '../util/duration.js'
import { SessionError } from '../util/errors.js'

/**
 * Attributes of the session cookie, all optional. Unknown names and unusable values throw.
 * @since 1.0.0
 */
export interface CookieOptions {
  /**
   * Lifetime in the browser in ms, at most 400 days. null and 0: until the browser closes.
   * @default null
   * @example ctx.session.cookie.maxAge = 30 * 86_400_000
   */
  maxAge?: number | null | undefined
  /**
   * The same as `maxAge`, as koa-sess 0.4 spelled it.
   * @default null
   * @example session({ cookie: { maxage: 86_400_000 } })
   */
  maxage?: number | null | undefined
  /**
   * A fixed end; beats `maxAge`.
   * @default none
   * @example session({ cookie: { expires: new Date('2030-01-01') } })
   */
  expires?: Date | null | undefined
  /**
   * Requests outside of it have no session.
   * @default '/'
   * @example session({ cookie: { path: '/admin' } })
   */
  path?: string | undefined
  /**
   * Hosts below this domain get the cookie as well.
   * @default none: the cookie belongs to the host alone
   * @example session({ cookie: { domain: 'example.com' } })
   */
  domain?: string | undefined
  /**
   * Hides the cookie from scripts of the page.
   * @default true
   * @example session({ cookie: { httpOnly: true } })
   */
  httpOnly?: boolean | undefined
  /**
   * True refuses HTTP. `auto` follows the connection (`ctx.secure`, which follows `app.proxy`), and warns
   * once on HTTP.
   * @default as the connection is
   * @example session({ cookie: { secure: true } })
   */
  secure?: boolean | 'auto' | undefined
  /**
   * False leaves the attribute out, true means `strict`.
   * @default 'lax'
   * @example session({ cookie: { sameSite: 'strict' } })
   */
  sameSite?: boolean | 'lax' | 'strict' | 'none' | undefined
  /**
   * Signs the cookie with Koa's `app.keys`.
   * @default true
   * @example session({ cookie: { signed: false } })
   */
  signed?: boolean | undefined
  /**
   * Always on: a response carries one Set-Cookie for each name. Kept so that old options still fit.
   * @default true
   * @example session({ cookie: { overwrite: true } })
   */
  overwrite?: boolean | undefined
  /**
   * The same as `overwrite`, as koa-sess 0.4 spelled it.
   * @default true
   * @example session({ cookie: { rewrite: true } })
   */
  rewrite?: boolean | undefined
  /**
   * Which cookies a browser that has too many removes last.
   * @default none
   * @example session({ cookie: { priority: 'high' } })
   */
  priority?: 'low' | 'medium' | 'high' | undefined
  /**
   * CHIPS: one cookie for each top-level site.
   * @default false
   * @example session({ cookie: { partitioned: true, secure: true } })
   */
  partitioned?: boolean | undefined
}

/** The names of all attributes, in the order in which a record lists them. */
export const ATTRIBUTES = [
  'path',
  'domain',
  'httpOnly',
  'secure',
  'sameSite',
  'signed',
  'overwrite',
  'maxAge',
  'expires',
  'priority',
  'partitioned',
] as const

export type AttributeName = (typeof ATTRIBUTES)[number]

const ALIASES: Record<string, AttributeName> = { maxage: 'maxAge', rewrite: 'overwrite' }

/** Every name that an attribute may have in options and in records. */
export const SPELLINGS: readonly string[] = [...ATTRIBUTES, ...Object.keys(ALIASES)]

/**
 * The cookie attributes of one session. Alter them to change this user's cookie; what differs from
 * the options is kept in the record and comes back with the session.
 */
export class SessionCookie {
  path = '/'
  domain?: string | undefined
  httpOnly = true
  secure?: boolean | 'auto' | undefined
  sameSite?: boolean | 'lax' | 'strict' | 'none' | undefined = 'lax'
  signed = true
  overwrite = true
  maxAge: number | null = null
  expires?: Date | null | undefined
  priority?: 'low' | 'medium' | 'high' | undefined
  partitioned?: boolean | undefined

  get maxage(): number | null {
    return this.maxAge
  }
  set maxage(value: number | null) {
    this.maxAge = value
  }
  get rewrite(): boolean {
    return this.overwrite
  }
  set rewrite(value: boolean) {
    this.overwrite = value
  }
}

const boolean = (value: unknown) => typeof value === 'boolean'
const word = (words: RegExp, value: unknown) => typeof value === 'string' && words.test(value)
const SHAPE: Record<AttributeName, [(value: unknown) => boolean, string]> = {
  // The attribute ends at a semicolon or a control character; anything else would be an injection.
  path: [
    (v) => typeof v === 'string' && /^\/[\x20-\x3a\x3c-\x7e]*$/.test(v),
    'a path that starts with /',
  ],
  domain: [
    (v) =>
      typeof v === 'string' &&
      /^\.?[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i.test(v),
    'a host name',
  ],
  httpOnly: [boolean, 'a boolean'],
  secure: [(v) => boolean(v) || v === 'auto', 'a boolean or auto'],
  sameSite: [
    (v) => boolean(v) || word(/^(lax|strict|none)$/i, v),
    'lax, strict, none or a boolean',
  ],
  signed: [boolean, 'a boolean'],
  overwrite: [boolean, 'a boolean'],
  maxAge: [
    (v) => v === null || typeof v === 'number',
    'milliseconds, or null for a browser-session cookie',
  ],
  expires: [(v) => v === null || (v instanceof Date && !Number.isNaN(v.getTime())), 'a valid Date'],
  priority: [(v) => word(/^(low|medium|high)$/i, v), 'low, medium or high'],
  partitioned: [boolean, 'a boolean'],
}

/** Whether a cookie attribute has this name, in either spelling. */
export function isAttribute(name: string): boolean {
  return Object.hasOwn(SHAPE, ALIASES[name] ?? name)
}

/**
 * The attribute that a spelling means.
 * @throws {SessionError} ERR_SESSION_COOKIE
 */
export function attributeOf(attribute: string): AttributeName {
  if (isAttribute(attribute)) return (ALIASES[attribute] ?? attribute) as AttributeName
  const meant = SPELLINGS.find((name) => name.toLowerCase() === attribute.toLowerCase())
  throw new SessionError(
    'ERR_SESSION_COOKIE',
    `cookie.${attribute} is not a cookie attribute: ${meant ? `write ${meant}` : 'remove it'}`,
  )
}

/**
 * Sets one attribute.
 * @throws {SessionError} ERR_SESSION_COOKIE, ERR_SESSION_DURATION
 */
export function setAttribute(cookie: SessionCookie, attribute: string, value: unknown): void {
  const name = attributeOf(attribute)
  if (value === undefined) return
  const [fits, wanted] = SHAPE[name]
  if (!fits(value))
    throw new SessionError('ERR_SESSION_COOKIE', `cookie.${attribute} must be ${wanted}`)
  // Zero is no lifetime: the `cookies` module has always written it as a browser-session cookie.
  Object.assign(cookie, { [name]: normalize(name, value) })
}

function normalize(name: AttributeName, value: unknown): unknown {
  return name === 'maxAge' && value !== null
    ? duration('cookie.maxAge', value, { zero: true, most: LONGEST_COOKIE }) || null
    : value
}

/**
 * A complete set of attributes: `base`, and `options` over it.
 * @throws {SessionError} ERR_SESSION_COOKIE, ERR_SESSION_DURATION
 */
export function makeCookie(base: SessionCookie, options: object): SessionCookie {
  const cookie = Object.assign(new SessionCookie(), base)
  for (const [attribute, value] of Object.entries(options)) setAttribute(cookie, attribute, value)
  // An attribute that browsers accept over TLS only brings its own requirement along (CHIPS; ASVS 3.3.2).
  const needsSecure = cookie.partitioned || /^none$/i.test(String(cookie.sameSite))
  if (needsSecure && cookie.secure !== false) cookie.secure = true
  if (needsSecure && !cookie.secure) {
    throw new SessionError(
      'ERR_SESSION_COOKIE',
      'cookie.sameSite none and cookie.partitioned need cookie.secure: browsers drop the cookie otherwise',
    )
  }
  return cookie
}
