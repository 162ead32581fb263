import { inspect } from 'node:util'
import { encodeData, parseRecord, type RecordContent, type RecordEnd } from '../record/format.js'
import type { LoadedRecord } from '../record/records.js'
import { StoreFailure } from '../record/store-guard.js'
import type { LegacyStore, SessionStore, StoredSession } from '../stores/contract.js'
import { SessionError } from '../util/errors.js'
import { parseObject } from '../util/json.js'
import { isObject } from '../util/shape.js'
import { assertAttributes } from './assert-attributes.js'
import type { DeclaredData } from './declared-data.js'
import { DETACHED } from './detached.js'
import { copy } from './own-keys.js'
import { Session } from './session.js'
import type { SessionSettings } from './settings.js'
import { isStored, markStored } from './stored-objects.js'

/** `ctx.sessionStore`. */
export interface SessionsById<Data extends object> {
  /** The store that was configured. */
  readonly client: SessionStore | LegacyStore
  /** The session of an id, as a plain object with `cookie` inside; undefined: there is none. */
  get(sid: string): Promise<(DeclaredData<Data> & { cookie?: unknown }) | undefined>
  /**
   * Stores a session under an id, for as long as its cookie or the options say. Where it brings no
   * cookie, it keeps the one that is stored under this id; its age it keeps in any case.
   * @throws {SessionError} ERR_SESSION_VALUE, ERR_SESSION_COOKIE, ERR_SESSION_DATA, ERR_SESSION_SIZE
   */
  set(sid: string, session: Data & object): Promise<void>
  /** Ends the session of an id, whichever requests use it. False: there was none. */
  destroy(sid: string): Promise<boolean>
}

/**
 * `ctx.sessionStore`: reads, writes and ends sessions by id, for sessions other than the request's
 * own. It overwrites whatever is stored: for the request's own session use `ctx.session`.
 * @since 1.0.0
 */
export class SessionAdmin implements SessionsById<object> {
  /**
   * The store that was configured.
   * @example const { client } = ctx.sessionStore
   */
  readonly client: SessionStore | LegacyStore
  readonly #settings: SessionSettings

  constructor(client: SessionStore | LegacyStore, settings: SessionSettings) {
    this.client = client
    this.#settings = settings
  }

  /** The client may hold a password, so that nothing of it is printed. */
  [inspect.custom](): string {
    return 'SessionAdmin {}'
  }

  /**
   * The session of an id, as a plain object with `cookie` inside; undefined: there is none.
   * @example const other = await ctx.sessionStore.get(id)
   */
  async get(sid: string): Promise<StoredSession | undefined> {
    const session = parseObject((await StoreFailure.unwrap(this.#find(sid)))?.value)
    if (session) markStored(session)
    return session
  }

  /**
   * Stores a session under an id, for as long as its cookie or the options say. Where it brings no
   * cookie, it keeps the one that is stored under this id; its age it keeps in any case.
   * @throws {SessionError} ERR_SESSION_VALUE, ERR_SESSION_COOKIE, ERR_SESSION_DATA, ERR_SESSION_SIZE
   * @example await ctx.sessionStore.set(id, { user: 'ada' })
   */
  async set(sid: string, session: object): Promise<void> {
    const { records, format, lifetime } = this.#settings
    const given = contentOf(session)
    const stored = (await StoreFailure.unwrap(this.#find(sid)))?.content
    const whole = new Session(DETACHED, format, given.data, given.cookie)
    Session.inherit(whole, stored?.cookie)
    const expiresAt = lifetime.deadline(whole)
    const end = lifetime.endToWrite(whole, expiresAt, given.end ?? stored ?? {})
    await StoreFailure.unwrap(records.overwrite(sid, Session.encode(whole, end), expiresAt))
  }

  /**
   * Ends the session of an id, whichever requests use it. False: there was none.
   * @example await ctx.sessionStore.destroy(id)
   */
  async destroy(sid: string): Promise<boolean> {
    const record = await StoreFailure.unwrap(this.#find(sid))
    return record !== undefined && StoreFailure.unwrap(this.#settings.records.revoke(record))
  }

  async #find(sid: string): Promise<LoadedRecord | undefined> {
    const found = await this.#settings.records.find(sid)
    return found.kind === 'record' ? found.record : undefined
  }
}

interface Given extends Pick<RecordContent, 'data' | 'cookie'> {
  end?: RecordEnd
}

/** Only what a record held says by koa-session's keys how long it lives: elsewhere they are data. */
function contentOf(session: unknown): Given {
  if (!isObject(session) || typeof session.then === 'function') throw notAnObject()
  if (session instanceof Session)
    return { data: copy(session), cookie: Session.storedCookie(session) }
  if (isStored(session)) {
    const content = parseRecord(encodeData(session))
    if (content) return { ...content, end: content }
  }
  const { cookie, ...data } = copy(session)
  if (cookie !== undefined) assertAttributes(cookie)
  return { data, cookie: isObject(cookie) ? JSON.parse(encodeData(cookie)) : null }
}

function notAnObject(): SessionError {
  return new SessionError('ERR_SESSION_VALUE', 'sessionStore.set takes an object as the session')
}
