import { LONGEST_COOKIE } from '../util/duration.js'
import type { SessionCookie } from './attributes.js'
import type { Signer } from './signature.js'

/**
 * The attributes of a Set-Cookie line, in the order and the case in which Koa's `cookies` writes them.
 * The cookie ends at `end` (epoch ms) at the latest.
 */
export function serializeAttributes(
  cookie: SessionCookie,
  now: number,
  secure: boolean,
  end = Number.POSITIVE_INFINITY,
): string {
  const until = cookie.expires?.getTime() ?? (cookie.maxAge ? now + cookie.maxAge : undefined)
  const expires =
    until === undefined ? undefined : new Date(Math.min(until, end, now + LONGEST_COOKIE))
  const sameSite = cookie.sameSite === true ? 'strict' : cookie.sameSite
  let line = `; path=${cookie.path}`
  if (expires) line += `; expires=${utc(expires.getTime())}`
  if (cookie.domain) line += `; domain=${cookie.domain}`
  if (cookie.priority) line += `; priority=${cookie.priority.toLowerCase()}`
  if (sameSite) line += `; samesite=${sameSite.toLowerCase()}`
  if (followsConnection(cookie) ? secure : cookie.secure) line += '; secure'
  if (cookie.httpOnly) line += '; httponly'
  if (cookie.partitioned) line += '; partitioned'
  return line
}

// Formatting a date is slow, and most cookies of a second end in the same second.
let utcSecond = Number.NaN
let utcText = ''

function utc(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== utcSecond) {
    utcSecond = second
    utcText = new Date(ms).toUTCString()
  }
  return utcText
}

/** Whether the cookie is Secure when the connection is. */
export function followsConnection({ secure }: SessionCookie): boolean {
  return secure === undefined || secure === 'auto'
}

/** The Set-Cookie lines of an id: the cookie and, when it is signed, its signature. An empty id clears both. */
export function cookieLines(
  name: string,
  id: string,
  attributes: string,
  signer: Signer | undefined,
  /** The signature, where it is known already. */
  known?: string,
): string[] {
  const line = `${name}=${id}${attributes}`
  if (!signer) return [line]
  const signature = id && (known ?? signer.sign(`${name}=${id}`))
  return [line, `${name}.sig=${signature}${attributes}`]
}

/** Set-Cookie lines in place of earlier ones of the same names (RFC 6265, 4.1.1: one for each name). */
export function mergeLines(earlier: readonly string[], lines: readonly string[]): string[] {
  if (earlier.length === 0) return [...lines]
  const names = lines.map((line) => line.slice(0, line.indexOf('=') + 1))
  return [...earlier.filter((line) => !names.some((name) => line.startsWith(name))), ...lines]
}
