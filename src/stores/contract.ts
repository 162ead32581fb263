import type { Awaitable } from '../util/async.js'
import { SessionError } from '../util/errors.js'
import { hasMethods, isObject } from '../util/shape.js'

/** The result of `replace`. `current` is the value stored now; undefined: the record is gone. */
export type Replaced = { ok: true } | { ok: false; current: string | undefined }

/**
 * A record that has not expired, as `scan` returns it.
 * @since Unreleased
 */
export interface StoredRecord {
  /** The key in the store, with the prefix. */
  key: string
  /** The stored string. */
  value: string
  /** When it ends, in epoch ms. */
  expiresAt: number
}

/**
 * One page of `scan`.
 * @since Unreleased
 */
export interface ScanPage {
  /** About as many as `count`, or none. */
  records: StoredRecord[]
  /** Continues after this page; undefined: this page is the last. */
  cursor: string | undefined
}

/**
 * The context of a request. Its type is open, as in koa-session: stores know nothing of Koa, and each
 * store declares the context of its application.
 */
type OpenContext = ReturnType<typeof JSON.parse>

/** Open as well, as a function that takes it apart has to fit where a store is written in place. */
type OpenOptions = OpenContext

/**
 * The contract of a store. Keys and values are opaque strings; `expiresAt` is in epoch ms.
 * - An expired record counts as absent.
 * - A write whose `expiresAt` has passed succeeds and leaves no record.
 * - Every method throws (or rejects) if the store failed, and for no other reason.
 * - Methods may return plain values or promises.
 *
 * docs/write-a-store.md explains it; `testStore` of koa-sess/testing checks it.
 * @since 1.0.0
 */
export interface SessionStore {
  /** Returns the value of a record. With `touch`, also sets its `expiresAt` to `touch`, in one step. */
  load(key: string, touch?: number): Awaitable<string | undefined>
  /** Inserts a record if the key is free. Returns false, and changes nothing, if it is taken. */
  create(key: string, value: string, expiresAt: number): Awaitable<boolean>
  /** Compare and set: writes only if the stored value equals `expected`, byte by byte. */
  replace(key: string, expected: string, value: string, expiresAt: number): Awaitable<Replaced>
  /**
   * Sets the `expiresAt` of a record. Returns false if there is none; never creates one, and never
   * changes its value.
   */
  touch(key: string, expiresAt: number): Awaitable<boolean>
  /**
   * Deletes a record. Returns false if there was none. Leave `options` out: it is there for the type
   * checker only, and is never given.
   */
  destroy(key: string, options?: OpenOptions): Awaitable<boolean>
  /**
   * Optional; used by tools that copy sessions. Returns about `count` records (default 100) whose keys
   * begin with `prefix`. Pass the `cursor` of the last page to continue; undefined starts.
   * A record that is stored during the whole scan is returned at least once.
   * An empty page may have a cursor.
   */
  scan?(prefix: string, cursor?: string, count?: number): Awaitable<ScanPage>
  /** Optional: reports when the connection is lost (`disconnect`) and restored (`connect`). */
  on?(event: 'connect' | 'disconnect', listener: () => void): unknown
  /** Optional: removes a listener. */
  off?(event: 'connect' | 'disconnect', listener: () => void): unknown
  /**
   * Optional: how often a connection to the server broke so far; it may count too many, never too
   * few. If it grew during a write, the client may have sent the command a second time. The middleware
   * then takes a record that equals what it wrote for its own.
   * @default 0
   * @since Unreleased
   */
  readonly breaks?: number | undefined
  /**
   * Optional: why the connection is lost, as the client reported it; undefined while it is connected.
   * The `cause` of the error that requests get meanwhile.
   * @default none
   * @since Unreleased
   */
  readonly lastError?: unknown
}

/** A session as a `LegacyStore` receives it: the user's keys at the top level, beside `cookie`. */
export type StoredSession = Record<string, unknown>

/** What a `LegacyStore` is called with last, as stores of koa-session are. */
export interface LegacyCallOptions {
  /**
   * The Koa context of the request. With overlapping writes of one session it may be that of another
   * request of this session. Undefined outside of a request.
   */
  ctx: OpenContext
}

export interface LegacyReadOptions extends LegacyCallOptions {
  /** The option of that name. */
  rolling: boolean
}

export interface LegacyWriteOptions extends LegacyCallOptions {
  /** Whether the record differs from what is stored. */
  changed: boolean
  /** Whether the session is to be extended: with the option `rolling`, or if only that is asked for. */
  rolling: boolean
}

/**
 * The store contract of koa-sess 0.x, koa-generic-session and koa-session. Each method may return a
 * value, a promise, a thunk or a generator, or be a generator function. It has no compare-and-set, so
 * it cannot give the guarantees that docs/stores.md calls strong.
 *
 * A session that is stored for longer than it should be is no session: its record holds its deadline.
 * @since 1.0.0
 */
export interface LegacyStore {
  /**
   * Returns the session; anything falsy: there is none. `maxAge`: how long sessions last from now, in
   * ms, for a store that extends what it reads.
   */
  get(sid: string, maxAge: number, options: LegacyReadOptions): unknown
  /** Stores the session for `ttl` ms, over whatever is stored. */
  set(sid: string, session: StoredSession, ttl: number, options: LegacyWriteOptions): unknown
  /** Deletes the session. `options` is a `LegacyCallOptions`, and always given. */
  destroy(sid: string, options?: OpenOptions): unknown
  /**
   * Optional: makes a stored session expire `ttl` ms from now without writing its data. Returns false
   * if there is none; it must not create one. Without this method, the session that was read is set
   * again. A store with this method has to expire sessions by itself.
   */
  touchSession?(
    sid: string,
    session: StoredSession,
    ttl: number,
    options: LegacyWriteOptions,
  ): unknown
  /** Optional: reports when the connection is lost (`disconnect`) and restored (`connect`). */
  on?(event: 'connect' | 'disconnect', listener: () => void): unknown
  /** Optional: removes a listener. */
  off?(event: 'connect' | 'disconnect', listener: () => void): unknown
}

const STRONG_METHODS = ['load', 'create', 'replace', 'touch', 'destroy'] as const
const LEGACY_METHODS = ['get', 'set', 'destroy'] as const

/** Whether a value has the methods of `SessionStore`. */
export function isSessionStore(store: unknown): store is SessionStore {
  return isObject(store) && hasMethods(store, ...STRONG_METHODS)
}

function isLegacyStore(store: unknown): store is LegacyStore {
  return isObject(store) && hasMethods(store, ...LEGACY_METHODS)
}

/** `on` and `off` are optional, but only functions are accepted. */
function hasValidEvents(store: object): boolean {
  return ['on', 'off'].every((name) =>
    ['undefined', 'function'].includes(typeof Reflect.get(store, name)),
  )
}

/**
 * @throws {SessionError} ERR_SESSION_STORE_CONTRACT if the value is neither kind of store.
 */
export function assertStore(
  store: unknown,
  name = 'options.store',
): asserts store is SessionStore | LegacyStore {
  if ((isSessionStore(store) || isLegacyStore(store)) && hasValidEvents(store)) return
  throw new SessionError(
    'ERR_SESSION_STORE_CONTRACT',
    `${name} needs the methods ${LEGACY_METHODS.join(', ')}, or ${STRONG_METHODS.join(', ')}. Pass a store object, not a client or a class; for a ContextStore of koa-session, fromContextStore of koa-sess/adapters. If it has on and off, they must be functions.`,
  )
}
