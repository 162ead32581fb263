import { SessionError } from './errors.js'

export const ONE_DAY = 86_400_000

/** Longest duration accepted: 400 days is the most a browser keeps a cookie (RFC 6265bis, 5.5). */
export const LONGEST_COOKIE = 400 * ONE_DAY

// A deadline must stay an exact integer of milliseconds and a valid Date.
const LONGEST = 100 * 365 * ONE_DAY

/**
 * A duration in whole milliseconds, rounded up. `least`: in ms; default: any above 0.
 * @throws {SessionError} ERR_SESSION_DURATION
 */
export function duration(
  name: string,
  value: unknown,
  { zero = false, least = Number.MIN_VALUE, most = LONGEST } = {},
): number {
  const from = zero ? 0 : least
  if (typeof value === 'number' && value >= from && value <= most) return Math.ceil(value)
  throw new SessionError(
    'ERR_SESSION_DURATION',
    `${name} must be a number of milliseconds, ${from === Number.MIN_VALUE ? 'above 0' : `from ${from}`} to ${most}`,
  )
}
