import type { Awaitable } from '../util/async.js'
import { SessionError } from '../util/errors.js'

/** The answer of `replace`. `current` is what the key holds now; undefined: nothing, the record is gone. */
export type Replaced = { ok: true } | { ok: false; current: string | undefined }

/** A live record as it lies in the store; `expiresAt` in epoch ms. */
export interface StoredRecord {
  key: string
  value: string
  expiresAt: number
}

/** Some of a store's records, and where the next ones begin; undefined: there are none. */
export interface Page {
  records: StoredRecord[]
  cursor: string | undefined
}

/**
 * What a store must do. Keys and values are opaque strings, deadlines are epoch milliseconds,
 * a record past its deadline is as good as absent, and a throw means that the store failed,
 * nothing else. A deadline that has already passed stores nothing, and that is a success.
 */
export interface SessionStore {
  /** The value of a live record. With `touch`, its deadline becomes `touch` in the same round trip. */
  load(key: string, touch?: number): Awaitable<string | undefined>
  /** Insert if absent. False: the key is taken, and nothing was changed. */
  create(key: string, value: string, expiresAt: number): Awaitable<boolean>
  /** Compare and set: writes only while the record still is `expected`, byte by byte. */
  replace(key: string, expected: string, value: string, expiresAt: number): Awaitable<Replaced>
  /** Moves the deadline of a live record. False: it is gone. Never creates. */
  touch(key: string, expiresAt: number): Awaitable<boolean>
  /** Removes a live record. False: it was gone already. */
  destroy(key: string): Awaitable<boolean>
  /**
   * Optional, for tools that copy: live records whose keys begin with `prefix`, about `count` of them
   * (default 100), from `cursor` on (undefined: from the beginning). What stands there from the first
   * page to the last is told at least once. An empty page may have a cursor.
   */
  scan?(prefix: string, cursor?: string, count?: number): Awaitable<Page>
  /** Optional news of the connection: `connect` and `disconnect`. */
  on?(event: 'connect' | 'disconnect', listener: () => void): unknown
  off?(event: 'connect' | 'disconnect', listener: () => void): unknown
}

/** What a session looks like to a store of the older contract: the user's keys, and `cookie` beside them. */
export type StoredSession = Record<string, unknown>

/**
 * The contract of koa-sess since 2014, and of every store written for koa-generic-session and
 * koa-session: each method may return a promise, a thunk or a generator (or be a generator
 * function). It has no compare-and-set, so it cannot give what docs/stores.md calls strong.
 */
export interface LegacyStore {
  get(sid: string): unknown
  /** `ttl` in milliseconds. */
  set(sid: string, session: StoredSession, ttl: number): unknown
  destroy(sid: string): unknown
  /**
   * Optional: makes a session that is there last `ttl` ms from now on, and writes nothing of its data.
   * Without it, what was read is set again.
   */
  touchSession?(sid: string, session: StoredSession, ttl: number): unknown
  on?(event: 'connect' | 'disconnect', listener: () => void): unknown
  off?(event: 'connect' | 'disconnect', listener: () => void): unknown
}

const STRONG = ['load', 'create', 'replace', 'touch', 'destroy'] as const
const LEGACY = ['get', 'set', 'destroy'] as const

function has(store: unknown, methods: readonly string[]): boolean {
  return (
    typeof store === 'object' &&
    store !== null &&
    methods.every((name) => typeof Reflect.get(store, name) === 'function')
  )
}

/** `on` and `off` are optional, and functions. */
function tells(store: unknown): boolean {
  return ['on', 'off'].every((name) =>
    ['undefined', 'function'].includes(typeof Reflect.get(Object(store), name)),
  )
}

export function isSessionStore(store: unknown): store is SessionStore {
  return has(store, STRONG)
}

/**
 * @throws {SessionError} ERR_SESSION_STORE_CONTRACT when the object is neither kind of store.
 */
export function assertStore(
  store: unknown,
  name = 'options.store',
): asserts store is SessionStore | LegacyStore {
  if ((has(store, STRONG) || has(store, LEGACY)) && tells(store)) return
  throw new SessionError(
    'ERR_SESSION_STORE_CONTRACT',
    `${name} needs the methods ${LEGACY.join(', ')}, or ${STRONG.join(', ')}: pass a store object, not a client or a class; on and off are functions, or not there`,
  )
}
