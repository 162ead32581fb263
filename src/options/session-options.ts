import type Koa from 'koa'
import type { Context } from 'koa'
import type { CookieOptions } from '../cookie/attributes.js'
import type { Digest } from '../cookie/signature.js'
import type { OnConflict } from '../record/merge.js'
import type { SealKey } from '../record/seal.js'
import type { StoreCall } from '../record/store-guard.js'
import type { Ttl } from '../session/lifetime.js'
import type { SessionOf } from '../session/session.js'
import type { LegacyStore, SessionStore } from '../stores/contract.js'
import type { Awaitable } from '../util/async.js'
import type { SessionError } from '../util/errors.js'
import type { UsersOptions } from './users-options.js'

/**
 * Carries ids in something else than a cookie; ids are not signed. Each method gets the context of the
 * request, as `this` and as its last argument.
 */
export interface SessionIdStore {
  get(this: Context, ctx: Context): Awaitable<string | null | undefined>
  set(this: Context, sid: string, session: SessionOf<object>, ctx: Context): Awaitable<unknown>
  reset(this: Context, ctx: Context): Awaitable<unknown>
}

/** A Koa application of any state and context, as far as it is used outside of its requests. */
export type SessionApp = Pick<Koa, 'keys' | 'createContext'>

export interface EncryptionOptions {
  /** Secrets of at least 32 random bytes. The first one encrypts, all of them decrypt: to rotate, put a new one in front. */
  keys: readonly SealKey[]
  /** Until then unencrypted records are read too, and encrypted on their next write. Default: they are refused. */
  plainUntil?: Date | undefined
  /**
   * Decrypts records, reads unencrypted ones too, and writes unencrypted ones: the way back from
   * encryption. Default false.
   */
  decryptOnly?: boolean | undefined
}

/**
 * All options are optional. A function that is called in a request gets its context as `this` and as an
 * argument. Unknown names and unusable values throw a `SessionError` at construction.
 */
export interface SessionOptions<Data extends object = SessionData> {
  /** Name of the cookie. Default `koa.sid`. */
  key?: string | undefined
  /** Earlier names of the cookie: they are read too, and the session is sent under `key`. Default: none. */
  readKeys?: readonly string[] | undefined
  /** Prefix of the key in the store. Default `koa:sess:`. */
  prefix?: string | undefined
  /** Where sessions are stored. Default: a new `MemoryStore`, bounded, for one process. */
  store?: SessionStore | LegacyStore | undefined
  /**
   * How long the store keeps an idle session: ms, or a function of the session that returns ms.
   * Default: the cookie's `expires` or `maxAge`, else one day.
   */
  ttl?: Ttl<SessionOf<Data>> | undefined
  /**
   * How long a session lives at most, in ms, however busy it is; `regenerate` does not start it
   * anew (ASVS 7.3.2). Default: no limit. A session that began earlier counts from its next write.
   */
  absoluteTimeout?: number | undefined
  /** Attributes of the cookie. Default: `HttpOnly`, `SameSite=Lax`, signed, path `/`, until the browser closes. */
  cookie?: CookieOptions | undefined
  /**
   * Every request with a session extends it, in the store and in the browser. No cookie is sent with an
   * answer that shared caches may store. Default false.
   */
  rolling?: boolean | undefined
  /**
   * Extends a session, in the store and in the browser, only when less than this is left of it: ms,
   * or a fraction of its lifetime (0.5: half). Default: none. With it, rolling does not write at every read.
   */
  renew?: number | undefined
  /** `ctx.session` is a promise, and the store is read on its first use. Default false. */
  defer?: boolean | undefined
  /** Makes ids: 16 to 256 characters. Default: 24 random bytes in base64url. */
  genSid?: ((this: Context, length: number, ctx: Context) => Awaitable<string>) | undefined
  /** Stores new sessions that hold nothing. Default false. */
  allowEmpty?: boolean | undefined
  /** Returns false to refuse the session that was found: a new one begins. May be async. Default: none is refused. */
  valid?:
    | ((this: Context, ctx: Context, session: SessionOf<Data>) => Awaitable<unknown>)
    | undefined
  /** Called before a session is written, and may change it. May be async. It must not await a save. */
  beforeSave?:
    | ((this: Context, ctx: Context, session: SessionOf<Data>) => Awaitable<unknown>)
    | undefined
  /**
   * Called on every store failure. Default: throws `error`, so that the request fails. If it returns,
   * the request continues unsaved and the cookie is unchanged.
   */
  errorHandler?:
    | ((this: Context, error: SessionError, type: StoreCall, ctx: Context) => Awaitable<void>)
    | undefined
  /** How long requests wait for a store that disconnected, in ms. Default 10,000; 0: not at all. */
  reconnectTimeout?: number | undefined
  /** Carries ids in something else than a cookie. Default: a cookie. */
  sessionIdStore?: SessionIdStore | undefined
  /**
   * How the cookie is signed: `sha1` as Koa's own cookies are (the default), or `sha256`. With
   * `sha256`, SHA-1 signatures are accepted and replaced on the next write; `{ sha1Until }` ends that.
   * `{ accept: 'sha256' }` signs with SHA-1 and accepts both: the phase before `sha256` of a rolling deploy.
   */
  digest?: Digest | undefined
  /**
   * Stores records under the SHA-256 of their id, so that a leaked store holds no usable id. Default
   * false. `{ plainUntil }`: until then sessions under bare ids are found too, and moved on their next write.
   * `{ hashedUntil }`: stores under bare ids, and finds sessions under hashed ones until then. For the
   * first phase of a deploy, and for the way back.
   */
  hashIds?: boolean | { plainUntil: Date } | { hashedUntil: Date } | undefined
  /** Encrypts records with AES-256-GCM before they are stored. Default: records are JSON. */
  encryption?: EncryptionOptions | undefined
  /** The largest record, in bytes as stored. Default 524,288. */
  maxBytes?: number | undefined
  /** Which value wins when two requests change the same key. Default `mine`: the later write. */
  onConflict?: OnConflict | undefined
  /** How long the id of an ended session is blocked, in ms. Default 10,000; 0: not at all. */
  tombstone?: number | undefined
  /**
   * Marks answers that read or set the session, or send its cookie, as `Vary: Cookie` and, unless the
   * handler set its own, `Cache-Control: private` (CVE-2023-30861). Default true.
   */
  privateCache?: boolean | undefined
  /** The salt of ids in events. Default: random, so that each process emits other hashes. */
  eventSalt?: string | undefined
  /**
   * Keeps a list of each user's sessions, for `ctx.sessions` and `sessions.of(userId)`: docs/users.md.
   * Default: no lists.
   */
  users?: UsersOptions<Data> | undefined
  /**
   * The application, for `sessions.open()`: its keys verify the cookie, and the hooks get a context of it.
   * Default: the application of the first request, which a connection may precede.
   */
  app?: SessionApp | undefined
  /**
   * By how much a connection of `sessions.open()` or `ctx.sessionSignal` outlives its session at most,
   * in ms: each session with connections is read once in this time. Default 30,000; at least 1,000.
   */
  recheck?: number | undefined
  /** The clock, in epoch ms. Default `Date.now`; for tests. */
  now?: (() => number) | undefined
}

/** The options that are called during a request. */
export type SessionHookOptions = Pick<
  SessionOptions<object>,
  'genSid' | 'valid' | 'beforeSave' | 'errorHandler'
> &
  Partial<Pick<UsersOptions<object>, 'describe'>>
