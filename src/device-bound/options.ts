import type { Context } from 'koa'
import { duration, ONE_DAY } from '../util/duration.js'
import { SessionError } from '../util/errors.js'
import { assertKnownOptions } from '../util/shape.js'
import { assertSecrets, type Secret } from './purpose-keys.js'
import type { Skipped } from './skipped.js'

/**
 * A request of a bound session that did not prove the device.
 * @since Unreleased
 */
export interface Unproved {
  /** It had no bound cookie, one that has ended, or one of another session. */
  why: 'unproved' | 'outdated' | 'forged'
  /** Why the browser could not prove the device, by its own word: a thief can send the same. */
  skipped?: Skipped | undefined
}

type Decision = 'refuse' | 'allow'

/**
 * The options of `deviceBound`; all are optional.
 * @since Unreleased
 */
export interface DeviceBoundOptions {
  /**
   * Where the browser sends its proofs, as it requests it.
   * @default '/.koa-sess/device'
   * @example deviceBound({ path: '/device' })
   */
  path?: string | undefined
  /**
   * How long a proof counts, in ms, from 2 s to a day: a thief with every cookie has as long. A browser
   * proves the device again about two minutes before that.
   * @default 600_000
   * @example deviceBound({ maxAge: 5 * 60_000 })
   */
  maxAge?: number | undefined
  /**
   * What happens to a request of a bound session without a valid bound cookie. `refuse`: a 401
   * (ERR_SESSION_DEVICE), and no handler below runs. `allow`: `ctx.boundDevice.isProved` is false.
   * @default 'refuse'
   * @example deviceBound({ onUnproved: (ctx) => (ctx.path === '/health' ? 'allow' : 'refuse') })
   */
  onUnproved?:
    | Decision
    | ((this: Context, ctx: Context, request: Unproved) => Decision | Promise<Decision>)
    | undefined
  /**
   * For how long after the registration requests need no proof, in ms: some are under way.
   * @default 10_000
   * @example deviceBound({ grace: 30_000 })
   */
  grace?: number | undefined
  /**
   * Secrets of at least 16 bytes, the newest first.
   * @default `app.keys`, which must be an array then
   * @example deviceBound({ keys: [newKey, oldKey] })
   */
  keys?: readonly Secret[] | undefined
  /**
   * The time in epoch ms; for tests.
   * @default Date.now
   * @example deviceBound({ now: clock.now })
   */
  now?: (() => number) | undefined
}

/** The options, checked and complete. */
export interface DeviceBoundSettings {
  registrationPath: string
  refreshPath: string
  /** In ms. */
  maxAge: number
  /** In ms. */
  grace: number
  onUnproved(this: Context, ctx: Context, request: Unproved): Decision | Promise<Decision>
  keys: readonly Secret[] | undefined
  now(): number
}

const KNOWN = ['path', 'maxAge', 'onUnproved', 'grace', 'keys', 'now']
const PATH = /^(?:\/[\w.~-]+)+$/
const MIN_AGE = 2000

/** @throws {SessionError} ERR_SESSION_OPTION, ERR_SESSION_DURATION, ERR_SESSION_KEYS */
export function resolveOptions(options: DeviceBoundOptions): DeviceBoundSettings {
  assertKnownOptions('deviceBound', options, KNOWN)
  const { path = '/.koa-sess/device', onUnproved = 'refuse', keys, now = Date.now } = options
  if (typeof path !== 'string' || !PATH.test(path))
    throw refused(
      'path must be a path such as /.koa-sess/device, without a query or a slash at its end',
    )
  if (onUnproved !== 'refuse' && onUnproved !== 'allow' && typeof onUnproved !== 'function')
    throw refused('onUnproved must be refuse, allow, or a function that returns one of them')
  if (typeof now !== 'function') throw refused('now must be a function')
  if (keys !== undefined) assertSecrets(keys, 'deviceBound.keys')
  return {
    registrationPath: `${path}/registration`,
    refreshPath: `${path}/refresh`,
    maxAge: resolveAge(options.maxAge),
    grace: duration('grace', options.grace ?? 10_000, { zero: true, most: ONE_DAY }),
    onUnproved: typeof onUnproved === 'function' ? onUnproved : () => onUnproved,
    keys,
    now,
  }
}

function resolveAge(given: number | undefined): number {
  const maxAge = duration('maxAge', given ?? 600_000, { most: ONE_DAY })
  if (maxAge >= MIN_AGE) return maxAge
  throw new SessionError(
    'ERR_SESSION_DURATION',
    `maxAge must be at least ${MIN_AGE} ms: a browser would prove the device at every request`,
  )
}

function refused(message: string): SessionError {
  return new SessionError('ERR_SESSION_OPTION', message)
}
