import type { CookieOptions } from '../cookie/attributes.js'
import { DEFAULTS } from '../options/defaults.js'
import { resolveShared } from '../options/resolve.js'
import type { SessionOptions } from '../options/session-options.js'
import type { SealKey } from '../record/seal.js'
import type { SessionStore } from '../stores/contract.js'
import { SessionError } from '../util/errors.js'
import { assemble, cookieTransport } from './middleware.js'
import { SealedCookieCodec } from './sealed-cookie-codec.js'
import { SealedCookieStore, unavailableHere } from './sealed-cookie-store.js'
import { SealedRecord } from './sealed-record.js'
import type { SessionMiddleware } from './session-middleware.js'
import type { DeferredSessionContext, EitherContext, SessionContext } from './types.js'

/** The options that need no store, with the defaults of `session`. Only `key` differs: `koa.sess`, as in koa-session. */
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

/**
 * The options of `cookieSession`, beside those of `session` that need no store.
 * @since 1.0.0
 */
export interface CookieSessionOptions<Data extends object = SessionData> extends Shared<Data> {
  /**
   * Secrets of at least 32 random bytes. The first one encrypts, all of them decrypt.
   * @example cookieSession({ keys: [newKey, oldKey] })
   */
  keys: readonly SealKey[]
  /**
   * Cookies that were encrypted with another number are refused: raise it to end every session.
   * @default 0
   * @example cookieSession({ keys: [newKey], epoch: 1 })
   */
  epoch?: number | undefined
  /**
   * Until then the unencrypted cookies of koa-session, signed with `app.keys`, are read, and encrypted on the next write.
   * @default none: they are refused
   * @example cookieSession({ keys: [newKey], plainUntil: new Date('2030-01-01') })
   */
  plainUntil?: Date | undefined
}

/**
 * Sessions without a store: the cookie is the encrypted record. A copy of the cookie is valid until it
 * expires, and of two overlapping requests the last answer wins: docs/cookie-only.md.
 * @throws {SessionError} as `session` does, and in a request ERR_SESSION_SIZE above 4096 bytes.
 * @since 1.0.0
 * @example app.use(cookieSession({ keys: [newKey], ttl: 3_600_000 }))
 */
export function cookieSession<Data extends object = SessionData>(
  options: CookieSessionOptions<Data> & { defer: true },
): SessionMiddleware<DeferredSessionContext<Data>>
export function cookieSession<Data extends object = SessionData>(
  options: CookieSessionOptions<Data> & { defer?: false | undefined },
): SessionMiddleware<SessionContext<Data>>
export function cookieSession(
  options: CookieSessionOptions<object>,
): SessionMiddleware<EitherContext> {
  const { keys, epoch = 0, plainUntil, ...rest } = { ...options }
  for (const name of Object.keys(rest)) if (STORED.includes(name)) throw unavailableHere(name)
  check(epoch, plainUntil)
  const shared = resolveShared({
    key: DEFAULTS.cookieSessionKey,
    ...rest,
    cookie: unsigned(rest.cookie),
  })
  const codec = new SealedCookieCodec({ keys, epoch, plainUntil, now: shared.now })
  const records = new SealedCookieStore(shared.key, codec, shared.format)
  const content = new SealedRecord(codec, records, shared.signers)
  return assemble({
    shared,
    records,
    source: NO_STORE,
    transport: cookieTransport(shared, content),
    identity: { key: shared.key, store: NO_STORE, prefix: '', isDefaultStore: false },
    close: () => undefined,
  })
}

/** Encryption authenticates the cookie. The check of options refuses what is not an object. */
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
  'users',
  'app',
  'recheck',
]

function check(epoch: unknown, plainUntil: unknown): void {
  const isDate = plainUntil instanceof Date && !Number.isNaN(plainUntil.getTime())
  if (Number.isSafeInteger(epoch) && (plainUntil === undefined || isDate)) return
  throw new SessionError('ERR_SESSION_OPTION', 'epoch must be an integer, and plainUntil a Date')
}

const refuse = () => Promise.reject(unavailableHere('ctx.sessionStore to write to'))

/** `ctx.sessionStore.client`: the sessions of others are in their browsers. */
const NO_STORE: SessionStore = {
  load: () => undefined,
  create: refuse,
  replace: refuse,
  touch: refuse,
  destroy: refuse,
}
