import {
  ATTRIBUTES,
  type AttributeName,
  attributeOf,
  SessionCookie,
  SPELLINGS,
  setAttribute,
} from '../cookie/attributes.js'
import { LONGEST_COOKIE } from '../util/duration.js'
import { isObject } from '../util/shape.js'

/** The cookie as configured, and the check of a session's own. */
export interface CookieRules {
  readonly defaults: SessionCookie
  /** Throws when the cookie breaks a rule. */
  complete(cookie: object): SessionCookie
}

/** What the `cookies` module, and so every older package, assumes of an attribute that is not named. */
const ASSUMED: Record<AttributeName, unknown> = {
  path: '/',
  domain: undefined,
  httpOnly: true,
  secure: undefined,
  sameSite: undefined,
  signed: true,
  overwrite: undefined,
  maxAge: undefined,
  expires: undefined,
  priority: undefined,
  partitioned: undefined,
}

/**
 * The attributes as a record keeps them, in JSON: what older packages could not guess, the lifetime,
 * and in `own` the names that were altered for this user. Attributes outside of `own` follow the
 * options, so that a new configuration reaches existing sessions. `base` is the configured lifetime:
 * without it, a lifetime that an older package altered would look like the default. Beside an altered
 * lifetime, `base` says that another package set it.
 * @param others The lifetime that another package set, in ms.
 */
export function encodeCookie(
  cookie: SessionCookie,
  defaults: SessionCookie,
  others?: number,
): string {
  const own = ATTRIBUTES.filter((name) => comparable(cookie[name]) !== comparable(defaults[name]))
  const kept: Record<string, unknown> = {}
  for (const name of ATTRIBUTES) {
    const isKept = own.includes(name) || comparable(cookie[name]) !== ASSUMED[name]
    if (isKept && name !== 'overwrite') kept[name] = cookie[name]
  }
  // Older packages would let maxAge win over a fixed end.
  const maxAge = cookie.expires ? null : cookie.maxAge
  const isDefault = maxAge !== null && (!own.includes('maxAge') || maxAge === others)
  return JSON.stringify({ ...kept, maxAge, own, ...(isDefault && { base: maxAge }) })
}

/** The attributes of a stored cookie. Where they break the rules of the options, the defaults apply. */
export function decodeCookie(stored: unknown, policy: CookieRules): SessionCookie {
  const cookie = Object.assign(new SessionCookie(), policy.defaults)
  if (typeof stored !== 'object' || stored === null) return cookie
  for (const [name, value] of altered(stored)) restore(cookie, name, value)
  try {
    policy.complete(cookie)
    return cookie
  } catch {
    return Object.assign(new SessionCookie(), policy.defaults)
  }
}

/** Whether a stored cookie alters nothing of the options. */
export function usesDefaults(stored: unknown): boolean {
  return typeof stored !== 'object' || stored === null || altered(stored).length === 0
}

/**
 * The lifetime that another package set, in ms: as a rule by its options. A lifetime that was altered
 * here counts for more: it lengthens the idle timeout.
 */
export function lifetimeOfOthers(stored: unknown): number | undefined {
  if (!isObject(stored)) return undefined
  const { own, base } = stored
  const age: unknown = altered(stored).find(([name]) => name === 'maxAge')?.[1]
  if (!isFiniteNumber(age)) return undefined
  return !Array.isArray(own) || base === age ? Math.min(age, LONGEST_COOKIE) : undefined
}

/** When the session began, in epoch ms; only sessions with an absolute timeout record it. */
export function createdIn(stored: unknown): number | undefined {
  if (typeof stored !== 'object' || stored === null || !('created' in stored)) return undefined
  // A moment before 1970, or a part of a ms, would make deadlines that no store can hold.
  return isFiniteNumber(stored.created) ? Math.max(Math.floor(stored.created), 0) : undefined
}

/** A stored cookie with the moment at which the session began, in epoch ms. */
export function withCreated(cookie: string, created: number | undefined): string {
  return created === undefined ? cookie : `${cookie.slice(0, -1)},"created":${created}}`
}

/** The reverse of `withCreated`. */
export function splitCreated(cookie: string | undefined): {
  attributes: string | undefined
  created: number | undefined
} {
  const whole = { attributes: cookie, created: undefined }
  if (!cookie?.includes('"created"')) return whole
  const stored: unknown = JSON.parse(cookie)
  const created = createdIn(stored)
  if (created === undefined) return whole
  return { attributes: JSON.stringify({ ...Object(stored), created: undefined }), created }
}

/** The earlier of two moments, where both are known. */
export function earlier(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.min(one, other)
}

/** Whether a value is a number that is finite: JSON can also spell infinity, as 1e309. */
export function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value)
}

function comparable(value: unknown): unknown {
  if (value instanceof Date) return value.getTime()
  return value === 'auto' ? undefined : (value ?? undefined)
}

/** What was altered for this user. Of an older package's record that is the lifetime alone. */
function altered(stored: object): [AttributeName, unknown][] {
  const listed: unknown = Reflect.get(stored, 'own')
  const own = new Set<unknown>(Array.isArray(listed) ? listed : [])
  const base: unknown = Reflect.get(stored, 'base') ?? null
  return SPELLINGS.filter((spelling) => Object.hasOwn(stored, spelling))
    .map((spelling): [AttributeName, unknown] => [
      attributeOf(spelling),
      Reflect.get(stored, spelling),
    ])
    .filter(([name, value]) => {
      if (own.has(name)) return true
      return name === 'maxAge' ? (value ?? null) !== base : name === 'expires' && Boolean(value)
    })
}

function restore(cookie: SessionCookie, name: string, value: unknown): void {
  let usable = value
  if (name === 'expires' && typeof value === 'string') usable = new Date(value)
  if (name === 'maxAge' && typeof value === 'number') usable = Math.min(value, LONGEST_COOKIE)
  try {
    setAttribute(cookie, name, usable)
  } catch {
    // An unusable attribute in an old record must not fail a request: the default applies.
  }
}
