import { LONGEST_COOKIE } from '../util/duration.js'
import type { SessionCookie } from './attributes.js'

/** The attributes of a Set-Cookie line, lasting until `end` at the most, in the order and the case that Koa's `cookies` writes them. */
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

// Most cookies of a second end in the same second.
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

/** Whether Secure is as the connection is. */
export function followsConnection({ secure }: SessionCookie): boolean {
  return secure === undefined || secure === 'auto'
}
