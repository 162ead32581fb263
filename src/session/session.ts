import { inspect } from 'node:util'
import type { SessionCookie } from '../cookie/attributes.js'
import { type Fields, parseField } from '../record/fields.js'
import { encodeRecord, fieldsOfData, type RecordEnd, type RecordFormat } from '../record/format.js'
import {
  createdIn,
  earlier,
  lifetimeOfOthers,
  usesDefaults,
  withCreated,
} from '../record/stored-cookie.js'
import type { StoredSession } from '../stores/contract.js'
import { assertAttributes } from './assert-attributes.js'
import type { DeclaredData, RegenerateOptions, RegenerateRequest } from './declared-data.js'
import { defineOwn } from './own-keys.js'
import { type Callback, settle } from './settle.js'

/** What a session asks of the request that it belongs to. */
export interface SessionOwner {
  isNew(session: Session): boolean
  save(): Promise<boolean>
  regenerate(options?: RegenerateRequest): Promise<unknown>
  destroy(): Promise<void>
  touch(): void
  update<T>(change: (session: Session) => T | Promise<T>): Promise<T>
  reload(): Promise<void>
}

/**
 * The object behind `ctx.session`: the user's data are its own keys. Everything else is on the
 * prototype and not enumerable, so that any key can be data, the names of the methods included.
 * @since 1.0.0
 */
export class Session {
  readonly #owner: SessionOwner
  readonly #format: RecordFormat
  /** The cookie as stored, where it alters the options. */
  #stored: unknown
  #cookie: SessionCookie | undefined
  /** When this login began, in epoch ms; undefined without an absolute timeout. */
  #created: number | undefined

  constructor(owner: SessionOwner, format: RecordFormat, data?: StoredSession, cookie?: unknown) {
    this.#owner = owner
    this.#format = format
    this.#stored = usesDefaults(cookie) ? undefined : cookie
    this.#created = createdIn(cookie)
    if (data) Object.assign(this, data)
  }

  /**
   * The cookie attributes of this user. What is altered here is stored with the session.
   * @example ctx.session.cookie.maxAge = 30 * 86_400_000
   */
  get cookie(): SessionCookie {
    this.#cookie ??= this.#format.decodeCookie(this.#stored)
    return this.#cookie
  }
  set cookie(options: object) {
    assertAttributes(options)
    this.#cookie = this.#format.policy.complete(options)
  }

  /**
   * True until the session is stored under its id.
   * @example if (ctx.session.isNew) ctx.body = 'Welcome'
   */
  get isNew(): boolean {
    return this.#owner.isNew(this)
  }
  set isNew(value: unknown) {
    defineOwn(this, 'isNew', value)
  }

  /**
   * Writes now instead of after the handlers, even an empty session: the store holds it when this
   * resolves to true. False: the session has ended, and nothing was stored.
   * @example await ctx.session.save()
   */
  save(callback?: Callback): Promise<boolean> {
    return settle(this.#owner.save(), callback, false)
  }

  /**
   * Moves to a new id at the commit, empty but for the keys in `keep` (default: none). The old object stays
   * readable. With all keys, this user's cookie is kept too; with fewer, set `cookie.maxAge` again.
   * @example await ctx.session.regenerate({ keep: ['cart'] })
   */
  regenerate(options?: Regenerate<this> | Callback, callback?: Callback): Promise<void> {
    const given = typeof options === 'function' ? undefined : options
    const done = this.#owner.regenerate(given).then(() => undefined)
    return settle(done, typeof options === 'function' ? options : callback, undefined)
  }

  /**
   * Ends the session now: its record is deleted, and its cookie is cleared.
   * @example await ctx.session.destroy()
   */
  destroy(callback?: Callback): Promise<void> {
    return settle(this.#owner.destroy(), callback, undefined)
  }

  /**
   * Extends the session, in cookie and store, when the request commits, changed or not.
   * @example ctx.session.touch()
   */
  touch(): this {
    this.#owner.touch()
    return this
  }

  /**
   * Reads, changes and writes as one step, and again whenever another request wrote in between:
   * counters do not lose counts. `change` gets a copy that holds everything this handler changed so far;
   * its result is returned. It may run several times, so it must have no effects elsewhere. If it
   * throws, nothing is changed.
   * @throws {SessionError} ERR_SESSION_ENDED when the session has ended, ERR_SESSION_CONFLICT when
   * other requests won every time.
   * @example await ctx.session.update((draft) => { draft.views = (draft.views ?? 0) + 1 })
   */
  update<T>(change: (session: this) => T | Promise<T>): Promise<T> {
    return this.#owner.update((draft) => change(draft as this))
  }

  /**
   * Reads the session again, for a handler that waited long. What the handler changed is merged in.
   * @throws {SessionError} ERR_SESSION_ENDED when the session has ended; what the store throws.
   * @since Unreleased
   * @example await ctx.session.reload()
   */
  reload(callback?: Callback): Promise<void> {
    return settle(this.#owner.reload(), callback, undefined)
  }

  /** What `console.log` prints: the number of keys, so that data stays out of logs. The data: `{ ...ctx.session }`. */
  [inspect.custom](): string {
    return `Session { ${Object.keys(this).length} keys }`
  }

  // JSON may hold a key of this name, and it is data like any other.
  get ['__proto__'](): unknown {
    return Object.getPrototypeOf(this)
  }
  set ['__proto__'](value: unknown) {
    defineOwn(this, '__proto__', value)
  }

  /** Internal: the session as a record. */
  static encode(session: Session, end?: RecordEnd): string {
    return encodeRecord(session, Session.#cookieJson(session), end)
  }

  /** Internal: the fields of the session as its record would hold them. */
  static fields(session: Session): Fields {
    return fieldsOfData(session, Session.#cookieJson(session))
  }

  /** Internal: the value of one key; of `cookie`, as it would be stored. */
  static value(session: Session, key: string): unknown {
    if (key === 'cookie') return Session.storedCookie(session)
    return Object.hasOwn(session, key) ? Reflect.get(session, key) : undefined
  }

  /** Internal: the cookie as it would be stored. */
  static storedCookie(session: Session): unknown {
    return JSON.parse(Session.#cookieJson(session))
  }

  /** Internal: sets one key, or deletes it when there is no value. */
  static edit(session: Session, key: string, value: unknown): void {
    if (key === 'cookie') {
      session.#stored = usesDefaults(value) ? undefined : value
      session.#cookie = undefined
      session.#created = createdIn(value)
    } else if (value === undefined) Reflect.deleteProperty(session, key)
    else defineOwn(session, key, value)
  }

  /** Internal: takes over the text that others stored under a key, unless the session holds another one than `was`. */
  static adopt(session: Session, key: string, was: Text, text: Text): void {
    if (text !== was && Session.#text(session, key) === was)
      Session.edit(session, key, parseField(text))
  }

  static #text(session: Session, key: string): Text {
    try {
      if (key === 'cookie') return Session.#cookieJson(session)
      return JSON.stringify(Session.value(session, key))
    } catch {
      // A value that JSON cannot write was put there after the snapshot.
      return undefined
    }
  }

  /** Internal: a session that replaces another keeps this user's cookie, unless it brought one. */
  static inherit(session: Session, cookie: unknown): void {
    Session.inheritAge(session, cookie)
    if (session.#cookie || session.#stored || usesDefaults(cookie)) return
    session.#stored = cookie
  }

  /** Internal: a session that replaces another does not begin anew. */
  static inheritAge(session: Session, cookie: unknown): void {
    session.#created = earlier(session.#created, createdIn(cookie))
  }

  /** Internal: the cookie to send, checked. */
  static sentCookie(session: Session): SessionCookie {
    const { policy } = session.#format
    return Session.#hasDefaultCookie(session) ? policy.defaults : policy.complete(session.cookie)
  }

  /** Internal: the lifetime that another package set, in ms. */
  static lifetimeOfOthers(session: Session): number | undefined {
    return lifetimeOfOthers(session.#stored)
  }

  /** Internal: when the session began, in epoch ms: `now`, where that was not recorded, or is later. */
  static beganAt(session: Session, now: number): number {
    session.#created = Math.min(session.#created ?? now, now)
    return session.#created
  }

  static #cookieJson(session: Session): string {
    const format = session.#format
    const cookie = Session.#hasDefaultCookie(session)
      ? format.defaultCookie
      : format.encodeCookie(session.cookie, session.#stored)
    return withCreated(cookie, session.#created)
  }

  static #hasDefaultCookie(session: Session): boolean {
    return session.#cookie === undefined && session.#stored === undefined
  }
}

/** A session with the application's keys: what `ctx.session` is. */
export type SessionOf<Data extends object> = Session & DeclaredData<Data>

/** The application's keys of a session. */
export type DataOf<S> = Omit<S, keyof Session>

type Regenerate<S> = RegenerateOptions<DataOf<S>>

type Text = string | undefined
