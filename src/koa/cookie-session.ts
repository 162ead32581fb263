import type { Context } from 'koa'
import type { CookieOptions } from '../cookie/attributes.js'
import { SignerCache } from '../cookie/signature.js'
import { type Config, resolveOptions } from '../options/resolve.js'
import type { SessionOptions } from '../options/session-options.js'
import type { SealKey } from '../record/seal.js'
import type { SessionStore } from '../stores/contract.js'
import { SessionError } from '../util/errors.js'
import { assemble, type SessionMiddleware } from './middleware.js'
import { Baker } from './sealed-cookie-codec.js'
import { SealedHost } from './sealed-cookie-transport.js'
import type { DeferredSessionContext, SessionContext } from './types.js'

/** What of the options needs no store. Defaults as there, but for `key`: `koa.sess`, as koa-session calls it. */
type Shared<Data extends object> = Pick<
  SessionOptions<Data>,
  | 'key'
  | 'readKeys'
  | 'ttl'
  | 'absoluteTimeout'
  | 'renew'
  | 'cookie'
  | 'rolling'
  | 'defer'
  | 'genSid'
  | 'allowEmpty'
  | 'valid'
  | 'beforeSave'
  | 'onConflict'
  | 'privateCache'
  | 'eventSalt'
  | 'now'
>

export interface CookieSessionOptions<Data extends object = SessionData> extends Shared<Data> {
  /** Secrets of at least 32 random bytes. The first one seals, all of them open. */
  keys: readonly SealKey[]
  /** Cookies that were sealed with another number are refused: raise it to end every session. Default 0. */
  epoch?: number | undefined
  /** Until then the unencrypted cookies of koa-session, signed with `app.keys`, are read too, and sealed in passing. */
  plainUntil?: Date | undefined
}

/**
 * Sessions without a store: the record travels sealed in the cookie. A copy of the cookie stays good
 * until it expires, and of two overlapping requests the last answer wins: docs/cookie-only.md.
 * @throws {SessionError} as `session` does, and in a request ERR_SESSION_SIZE above 4096 bytes.
 */
export function cookieSession<Data extends object = SessionData>(
  options: CookieSessionOptions<Data> & { defer: true },
): SessionMiddleware<DeferredSessionContext<Data>>
export function cookieSession<Data extends object = SessionData>(
  options: CookieSessionOptions<Data> & { defer?: false | undefined },
): SessionMiddleware<SessionContext<Data>>
export function cookieSession(
  options: CookieSessionOptions<object>,
): SessionMiddleware<SessionContext<object>> {
  const { keys, epoch = 0, plainUntil, ...shared } = { ...options }
  for (const name of Object.keys(shared)) if (STORED.includes(name)) throw noStore(name)
  check(epoch, plainUntil)
  const config: Config = resolveOptions({
    key: 'koa.sess',
    ...shared,
    cookie: unsigned(shared.cookie),
    prefix: '',
    tombstone: 0,
    store: NOWHERE,
  })
  const signers = new SignerCache(config.signing)
  const baker = new Baker(keys, epoch, plainUntil, config.now)
  return assemble(config, (ctx: Context) => SealedHost.begin(ctx, config, signers, baker))
}

/** The seal says who wrote it. What is no object is for the check of options to refuse. */
function unsigned(cookie: CookieOptions | undefined): CookieOptions | undefined {
  return typeof (cookie ?? {}) === 'object' && cookie !== null
    ? { ...cookie, signed: false }
    : cookie
}

const STORED = [
  'store',
  'prefix',
  'hashIds',
  'encryption',
  'maxBytes',
  'tombstone',
  'digest',
  'errorHandler',
  'reconnectTimeout',
  'sessionIdStore',
]

function noStore(what: string): SessionError {
  return new SessionError(
    'ERR_SESSION_OPTION',
    `There is no ${what} where sessions are kept in cookies: remove it, or use the middleware of koa-sess itself`,
  )
}

function check(epoch: unknown, plainUntil: unknown): void {
  const isDate = plainUntil instanceof Date && !Number.isNaN(plainUntil.getTime())
  if (Number.isInteger(epoch) && (plainUntil === undefined || isDate)) return
  throw new SessionError('ERR_SESSION_OPTION', 'epoch must be an integer, and plainUntil a Date')
}

const refuse = () => Promise.reject(noStore('ctx.sessionStore to write to'))

/** What `ctx.sessionStore` looks at: sessions of others are in their browsers. */
const NOWHERE: SessionStore = {
  load: () => undefined,
  create: refuse,
  replace: refuse,
  touch: refuse,
  destroy: refuse,
}
