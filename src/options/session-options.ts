import type { Context } from 'koa'
import { type CookieOptions, isAttribute } from '../cookie/attributes.js'
import type { Digest } from '../cookie/signature.js'
import type { OnConflict } from '../record/merge.js'
import type { SealKey } from '../record/seal.js'
import type { StoreCall } from '../record/store-guard.js'
import type { SessionOf } from '../session/session.js'
import type { LegacyStore, SessionStore } from '../stores/contract.js'
import type { Awaitable } from '../util/async.js'
import { duration, type Ttl } from '../util/duration.js'
import { SessionError } from '../util/errors.js'

/** How ids travel instead of in a cookie. Each is called with `this` = ctx; nothing is signed. */
export interface SessionIdStore {
  get(this: Context): Awaitable<string | null | undefined>
  set(this: Context, sid: string, session: SessionOf<object>): Awaitable<unknown>
  reset(this: Context): Awaitable<unknown>
}

export interface EncryptionOptions {
  /** Secrets of at least 32 random bytes. The first one seals, all of them open: to rotate, put a new one in front. */
  keys: readonly SealKey[]
  /** Until then records that are not sealed are read too, and sealed in passing. Default: they are not. */
  plainUntil?: Date | undefined
}

/** All options are optional. Unknown names and unusable values throw a `SessionError` at construction. */
export interface SessionOptions<Data extends object = SessionData> {
  /** Name of the cookie. Default `koa.sid`. */
  key?: string | undefined
  /** Names that the cookie had before: they are read too, and the session is sent under `key`. Default none. */
  readKeys?: readonly string[] | undefined
  /** What stands before the id in the store. Default `koa:sess:`. */
  prefix?: string | undefined
  /** Default: a `MemoryStore` of its own, bounded, for one process. */
  store?: SessionStore | LegacyStore | undefined
  /**
   * How long the store keeps an idle session, in ms, or a function of the session. Default: the
   * cookie's `expires` or `maxAge`, else one day.
   */
  ttl?: Ttl<SessionOf<Data>> | undefined
  /**
   * How long a session lives at the most, in ms, however busy it is: `regenerate` does not start it
   * anew. Default: no limit. A session that began before this was set begins with its next write.
   */
  absoluteTimeout?: number | undefined
  cookie?: CookieOptions | undefined
  /** Every request with a session extends it, in the store and in the browser. Default false. */
  rolling?: boolean | undefined
  /**
   * Extends a session only when less than this is left of it, in the store and in the browser: ms, or
   * a fraction of its whole lifetime (0.5: half). With it, rolling does not write for every read.
   */
  renew?: number | undefined
  /** `ctx.session` is a promise, and nothing is read before it is used. Default false. */
  defer?: boolean | undefined
  /** Makes ids: 16 to 256 characters. Default: 24 random bytes in base64url. */
  genSid?: ((this: Context, length: number) => Awaitable<string>) | undefined
  /** New sessions are stored even if nothing was set. Default false. */
  allowEmpty?: boolean | undefined
  /** False: the session that was found is not used, and a new one begins. */
  valid?: ((ctx: Context, session: SessionOf<Data>) => Awaitable<unknown>) | undefined
  /** Runs before a session is written, and may change it; must not wait for a save itself. */
  beforeSave?: ((ctx: Context, session: SessionOf<Data>) => Awaitable<unknown>) | undefined
  /**
   * Told of every failure of the store; throw to fail the request (the default throws `error`), or
   * return to go on without: nothing is written then and the cookie stays as it is.
   */
  errorHandler?:
    | ((error: SessionError, type: StoreCall, ctx: Context) => Awaitable<void>)
    | undefined
  /** How long requests wait for a store that disconnected, in ms. Default 10,000; 0: not at all. */
  reconnectTimeout?: number | undefined
  /** Carries ids in something else than a cookie. */
  sessionIdStore?: SessionIdStore | undefined
  /**
   * How the cookie is signed: `sha1` as Koa's own cookies are (the default), or `sha256`. With
   * `sha256` older signatures are accepted and signed anew in passing, until `sha1Until` if it is given.
   */
  digest?: Digest | undefined
  /**
   * Records are stored under the SHA-256 of their id, so that what leaks from a store is no id.
   * `{ plainUntil }`: until then sessions under their bare ids are found too, and moved. Default false.
   */
  hashIds?: boolean | { plainUntil: Date } | undefined
  /** Records are sealed with AES-256-GCM before any store sees them. Default: they are JSON. */
  encryption?: EncryptionOptions | undefined
  /** The largest record in bytes, as it is stored. Default 524,288. */
  maxBytes?: number | undefined
  /** Whose value holds when two requests changed the same key. Default `mine`: the later write. */
  onConflict?: OnConflict | undefined
  /** How long the id of an ended session is barred, in ms. Default 10,000; 0: not at all. */
  tombstone?: number | undefined
  /**
   * Answers that read or set the session are `Cache-Control: private`, unless the handler said
   * otherwise, and `Vary: Cookie`. Default true.
   */
  privateCache?: boolean | undefined
  /** What ids are hashed with in events. Default: random, so other processes tell other hashes. */
  eventSalt?: string | undefined
  /** The clock, in epoch ms. Default `Date.now`; for tests. */
  now?: (() => number) | undefined
}

const FLAGS = ['rolling', 'defer', 'allowEmpty', 'privateCache'] as const
const FUNCTIONS = ['genSid', 'valid', 'beforeSave', 'errorHandler', 'now'] as const
const OTHERS = [
  'key',
  'readKeys',
  'prefix',
  'store',
  'ttl',
  'cookie',
  'reconnectTimeout',
  'sessionIdStore',
  'absoluteTimeout',
  'renew',
  'digest',
  'hashIds',
  'encryption',
  'maxBytes',
  'onConflict',
  'tombstone',
  'eventSalt',
] as const
const KNOWN: readonly string[] = [...FLAGS, ...FUNCTIONS, ...OTHERS]

// RFC 6265, 4.1.1: a cookie's name is a token; older packages put a colon into theirs, and browsers take it.
const TOKEN = /^[!#$%&'*+\-.:^_`|~\w]+$/

// A browser drops cookies whose name and value are longer than 4096 bytes (RFC 6265bis, 5.6); an id takes 256.
const LONGEST_NAME = 256
const NAME = `a cookie name: at most ${LONGEST_NAME} letters, digits and - . _ ~ without spaces`

const isName = (name: unknown) =>
  typeof name === 'string' && name.length <= LONGEST_NAME && TOKEN.test(name)

/**
 * Names and kinds; what the parts make of the values they check themselves.
 * @throws {SessionError} ERR_SESSION_OPTION, ERR_SESSION_DURATION
 */
export function checkOptions(options: object): void {
  checkNames(options)
  checkTypes(options)
  checkRest(options)
}

function checkNames(options: object): void {
  if (typeof options !== 'object' || options === null) throw bad('options', 'an object')
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) {
      throw new SessionError(
        'ERR_SESSION_OPTION',
        isAttribute(name)
          ? `${name} is an attribute of the cookie: set options.cookie.${name}`
          : `Unknown option ${name}: known are ${KNOWN.join(', ')}`,
      )
    }
  }
}

function checkTypes(options: SessionOptions<never>): void {
  const { key, readKeys, eventSalt, prefix, ttl, cookie, sessionIdStore, onConflict } = options
  for (const name of FLAGS)
    check(options[name] === undefined || typeof options[name] === 'boolean', name, 'a boolean')
  for (const name of FUNCTIONS) {
    check(options[name] === undefined || typeof options[name] === 'function', name, 'a function')
  }
  check(key === undefined || isName(key), 'key', NAME)
  check(
    readKeys === undefined || (Array.isArray(readKeys) && readKeys.every(isName)),
    'readKeys',
    `an array, each of ${NAME}`,
  )
  check(
    eventSalt === undefined || (typeof eventSalt === 'string' && eventSalt !== ''),
    'eventSalt',
    'a text that is not empty',
  )
  check(prefix === undefined || typeof prefix === 'string', 'prefix', 'a string')
  if (ttl !== undefined && typeof ttl !== 'function') duration('ttl', ttl)
  check(
    cookie === undefined || (typeof cookie === 'object' && cookie !== null),
    'cookie',
    'an object',
  )
  const carries = (name: string) => typeof Reflect.get(Object(sessionIdStore), name) === 'function'
  check(
    sessionIdStore === undefined || ['get', 'set', 'reset'].every(carries),
    'sessionIdStore',
    'an object with the methods get, set and reset',
  )
  const words: unknown[] = [undefined, 'mine', 'theirs', 'throw']
  check(
    words.includes(onConflict) || typeof onConflict === 'function',
    'onConflict',
    'mine, theirs, throw or a function',
  )
}

function checkRest({ hashIds, encryption, maxBytes }: SessionOptions<never>): void {
  const isDate = (date: unknown) => date instanceof Date && !Number.isNaN(date.getTime())
  check(
    hashIds === undefined || typeof hashIds === 'boolean' || isDate(hashIds?.plainUntil),
    'hashIds',
    'a boolean, or { plainUntil: a Date }',
  )
  const until = encryption?.plainUntil
  check(
    encryption === undefined ||
      (Array.isArray(encryption?.keys) && (until === undefined || isDate(until))),
    'encryption',
    '{ keys: [secrets of at least 32 bytes] }, and plainUntil a Date',
  )
  check(
    maxBytes === undefined || (Number.isInteger(maxBytes) && maxBytes > 0),
    'maxBytes',
    'a number of bytes',
  )
}

function check(fits: boolean, name: string, wanted: string): void {
  if (!fits) throw bad(name, wanted)
}

function bad(name: string, wanted: string): SessionError {
  return new SessionError('ERR_SESSION_OPTION', `${name} must be ${wanted}`)
}
