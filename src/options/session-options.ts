import type Koa from 'koa'
import type { Context } from 'koa'
import type { CookieOptions } from '../cookie/attributes.js'
import type { Digest } from '../cookie/signature.js'
import type { OnConflict } from '../record/merge.js'
import type { StoreCall } from '../record/store-guard.js'
import type { Ttl } from '../session/lifetime.js'
import type { SessionOf } from '../session/session.js'
import type { LegacyStore, SessionStore } from '../stores/contract.js'
import type { Awaitable } from '../util/async.js'
import type { SessionError } from '../util/errors.js'
import type { EncryptionOptions } from './encryption-options.js'
import type { UsersOptions } from './users-options.js'

/**
/**
 * Carries ids in something else than a cookie; ids are not signed. Each method gets the context of the
 * request, as `this` and as its last argument.
 * @since 1.0.0
 */
export interface SessionIdStore {
  /** Returns the id that the request carries; anything falsy: it carries none. */
  get(this: Context, ctx: Context): Awaitable<string | null | undefined>
  /** Called with the id when the session was stored. */
  set(this: Context, sid: string, session: SessionOf<object>, ctx: Context): Awaitable<unknown>
  /** Called when the session has ended. */
  reset(this: Context, ctx: Context): Awaitable<unknown>
}

/** A Koa application of any state and context, as far as it is used outside of its requests. */
export type SessionApp = Pick<Koa, 'keys' | 'createContext'>

/**
 * All options are optional. A function that is called in a request gets its context as `this` and as an
 * argument. Unknown names and unusable values throw a `SessionError` at construction.
 * @since 1.0.0
 */
export interface SessionOptions<Data extends object = SessionData> {
  /**
   * Name of the cookie.
   * @default 'koa.sid'
   * @example session({ key: '__Host-sid' })
   */
  key?: string | undefined
  /**
   * Earlier names of the cookie: they are read too, and the session is sent under `key`.
   * @default none
   * @example session({ key: 'sid', readKeys: ['koa.sid'] })
   */
  readKeys?: readonly string[] | undefined
  /**
   * Prefix of the key in the store.
   * @default 'koa:sess:'
   * @example session({ prefix: 'shop:' })
   */
  prefix?: string | undefined
  /**
   * Where sessions are stored.
   * @default a new `MemoryStore`, bounded, for one process
   * @example session({ store: new RedisStore({ client }) })
   */
  store?: SessionStore | LegacyStore | undefined
  /**
   * How long the store keeps an idle session: ms, or a function of the session that returns ms. A longer
   * `maxAge` of one user's cookie lengthens a `ttl` that is a number.
   * @default the cookie's `expires` or `maxAge`, else one day
   * @example session({ ttl: 30 * 60_000 })
   */
  ttl?: Ttl<SessionOf<Data>> | undefined
  /**
   * How long a session lives at most, in ms, however busy it is (ASVS 7.3.2). It counts from the first
   * write, even if that was before the login: `regenerate` does not restart it. `ctx.session = null`
   * before `regenerate` does. A session from before this option counts from its next write.
   * @default no limit
   * @example session({ absoluteTimeout: 12 * 3_600_000 })
   */
  absoluteTimeout?: number | undefined
  /**
   * Attributes of the cookie.
   * @default `HttpOnly`, `SameSite=Lax`, signed, path `/`, until the browser closes
   * @example session({ cookie: { maxAge: 86_400_000, sameSite: 'strict' } })
   */
  cookie?: CookieOptions | undefined
  /**
   * Every request with a session extends it, in the store and in the browser. No cookie is sent with an
   * answer that shared caches may store.
   * @default false
   * @example session({ rolling: true, ttl: 3_600_000 })
   */
  rolling?: boolean | undefined
  /**
   * Extends a session, in the store and in the browser, only when less than this is left of it: ms,
   * or a fraction of its lifetime (0.5: half). With it, rolling does not write at every read.
   * @default none
   * @example session({ rolling: true, renew: 0.5, ttl: 3_600_000 })
   */
  renew?: number | undefined
  /**
   * `ctx.session` is a promise, and the store is read on its first use.
   * @default false
   * @example session({ defer: true })
   */
  defer?: boolean | undefined
  /**
   * Makes ids: 16 to 256 characters.
   * @default 24 random bytes in base64url
   * @example session({ genSid: () => crypto.randomUUID() })
   */
  genSid?: ((this: Context, length: number, ctx: Context) => Awaitable<string>) | undefined
  /**
   * Stores new sessions that hold nothing.
   * @default false
   * @example session({ allowEmpty: true })
   */
  allowEmpty?: boolean | undefined
  /**
   * Returns false to refuse the session that was found: a new one begins. May be async.
   * @default none is refused
   * @example session({ valid: (ctx, session) => session.user !== 'mallory' })
   */
  valid?:
    | ((this: Context, ctx: Context, session: SessionOf<Data>) => Awaitable<unknown>)
    | undefined
  /**
   * Called before a session is written, and may change it. May be async. It must not await a save.
   * @default nothing is called
   * @example session({ beforeSave: (ctx, session) => { session.path = ctx.path } })
   */
  beforeSave?:
    | ((this: Context, ctx: Context, session: SessionOf<Data>) => Awaitable<unknown>)
    | undefined
  /**
   * Called on every store failure. If it returns, the request continues unsaved and the cookie is
   * unchanged.
   * @default throws `error`, so that the request fails
   * @example session({ errorHandler: (error, type) => { if (type !== 'get') throw error } })
   */
  errorHandler?:
    | ((this: Context, error: SessionError, type: StoreCall, ctx: Context) => Awaitable<void>)
    | undefined
  /**
   * How long requests wait for a store that disconnected, in ms. 0: not at all.
   * @default 10_000
   * @example session({ reconnectTimeout: 2000 })
   */
  reconnectTimeout?: number | undefined
  /**
   * Carries ids in something else than a cookie.
   * @default a cookie
   * @example
   * session({
   *   sessionIdStore: {
   *     get() { return this.get('X-Session') },
   *     set(id) { this.set('X-Session', id) },
   *     reset() { this.remove('X-Session') },
   *   },
   * })
   */
  sessionIdStore?: SessionIdStore | undefined
  /**
   * How the cookie is signed: `sha1` as Koa's own cookies are, or `sha256`. With `sha256`, SHA-1
   * signatures are accepted and replaced on the next write; `{ sha1Until }` ends that.
   * `{ accept: 'sha256' }` signs with SHA-1 and accepts both: the phase before `sha256` of a rolling deploy.
   * @default 'sha1'
   * @example session({ digest: 'sha256' })
   */
  digest?: Digest | undefined
  /**
   * Stores records under the SHA-256 of their id, so that a leaked store holds no usable id.
   * `{ plainUntil }`: until then sessions under bare ids are found too, and moved on their next write.
   * `{ hashedUntil }`: stores under bare ids, and finds sessions under hashed ones until then. For the
   * first phase of a deploy, and for the way back.
   * @default false
   * @example session({ hashIds: { plainUntil: new Date('2030-01-01') } })
   */
  hashIds?: boolean | { plainUntil: Date } | { hashedUntil: Date } | undefined
  /**
   * Encrypts records with AES-256-GCM before they are stored.
   * @default none: records are JSON
   * @example session({ encryption: { keys: [newKey] } })
   */
  encryption?: EncryptionOptions | undefined
  /**
   * The largest record, in bytes as stored.
   * @default 524_288
   * @example session({ maxBytes: 16_384 })
   */
  maxBytes?: number | undefined
  /**
   * Which value wins when two requests change the same key. `mine`: the later write.
   * @default 'mine'
   * @example session({ onConflict: 'throw' })
   */
  onConflict?: OnConflict | undefined
  /**
   * How long the id of an ended session is blocked, in ms. 0: not at all.
   * @default 10_000
   * @example session({ tombstone: 60_000 })
   */
  tombstone?: number | undefined
  /**
   * Marks answers that read or set the session, or send its cookie, as `Vary: Cookie` and, unless the
   * handler set its own, `Cache-Control: private` (CVE-2023-30861).
   * @default true
   * @example session({ privateCache: false })
   */
  privateCache?: boolean | undefined
  /**
   * The salt of ids in events.
   * @default random, so that each process emits other hashes
   * @example session({ eventSalt: process.env.EVENT_SALT })
   */
  eventSalt?: string | undefined
  /**
   * Keeps a list of each user's sessions, for `ctx.sessions` and `sessions.of(userId)`: docs/users.md.
   * @default no lists
   * @since Unreleased
   * @example session({ users: { of: (session) => session.user } })
   */
  users?: UsersOptions<Data> | undefined
  /**
   * The application, for `sessions.open()`: its keys verify the cookie, and the hooks get a context of it.
   * @default the application of the first request, which a connection may precede
   * @since Unreleased
   * @example session({ app })
   */
  app?: SessionApp | undefined
  /**
   * By how much a connection of `sessions.open()` or `ctx.sessionSignal` outlives its session at most,
   * in ms: each session with connections is read once in this time. At least 1,000.
   * @default 30_000
   * @since Unreleased
   * @example session({ recheck: 5000 })
   */
  recheck?: number | undefined
  /**
   * The clock, in epoch ms; for tests.
   * @default Date.now
   * @example session({ now: clock.now })
   */
  now?: (() => number) | undefined
}

/** The options that are called during a request. */
export type SessionHookOptions = Pick<
  SessionOptions<object>,
  'genSid' | 'valid' | 'beforeSave' | 'errorHandler'
> &
  Partial<Pick<UsersOptions<object>, 'describe'>>
