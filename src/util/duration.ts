import { SessionError } from './errors.js'

export const ONE_DAY = 86_400_000

/** Longest duration accepted: 400 days is the most a browser keeps a cookie (RFC 6265bis, 5.5). */
export const LONGEST_COOKIE = 400 * ONE_DAY

// A deadline must stay an exact integer of milliseconds and a valid Date.
const LONGEST = 100 * 365 * ONE_DAY

/**
 * A duration in whole milliseconds, rounded up.
 * @throws {SessionError} ERR_SESSION_DURATION
 */
export function duration(
  name: string,
  value: unknown,
  { zero = false, most = LONGEST } = {},
): number {
  const least = zero ? 0 : Number.MIN_VALUE
  if (typeof value === 'number' && value >= least && value <= most) return Math.ceil(value)
  throw new SessionError(
    'ERR_SESSION_DURATION',
    `${name} must be a number of milliseconds, ${zero ? 'from 0' : 'above 0'} to ${most}`,
  )
}
