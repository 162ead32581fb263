import type { RecordContent, RecordEnd } from '../record/format.js'
import type { LoadedRecord } from '../record/loaded-record.js'
import { type KeyChange, merge, storedSide } from '../record/merge.js'
import { type Awaitable, ignoreRejection } from '../util/async.js'
import { SessionError } from '../util/errors.js'
import { isObject } from '../util/shape.js'
import { ABSENT, type LoadResult } from './load-result.js'
import { copy, type RegenerateOptions, Session, type SessionOwner } from './session.js'
import type { SessionSettings } from './settings.js'
import type { Presented, SessionRequest } from './transport.js'

/** The session of one request: what the store held, and what the handlers made of it. */
export abstract class SessionState implements SessionOwner {
  /** `ctx.sessionSave`: true forces a save, false forbids one, undefined leaves it to the changes. */
  saving: boolean | undefined
  #presentedId: string | undefined
  #loaded: LoadResult | undefined
  /** undefined: not used yet; null: ended. */
  #current: Session | null | undefined
  /** The session that `null` or a new session replaced: its cookie is the one to clear. */
  #previous: Session | undefined
  #isMoved = false
  #isDue: boolean
  #reservedId: Awaitable<string> | undefined

  constructor(
    readonly settings: SessionSettings,
    readonly request: SessionRequest,
  ) {
    this.#isDue = settings.lifetime.isRolling
  }

  abstract save(): Promise<void>
  abstract regenerate(options?: RegenerateOptions): Promise<unknown>
  abstract destroy(): Promise<void>
  abstract update<T>(change: (draft: Session) => T | Promise<T>): Promise<T>

  /** The id that the request came with. */
  get presentedId(): string | undefined {
    return this.#presentedId
  }

  /** What that id led to; undefined: not looked up yet. */
  get loaded(): LoadResult | undefined {
    return this.#loaded
  }

  /** The record that was found. */
  get found(): LoadedRecord | undefined {
    return this.#loaded?.kind === 'found' ? this.#loaded.record : undefined
  }

  /** The record that the current session continues; undefined: it needs a new one. */
  get record(): LoadedRecord | undefined {
    return this.#isMoved ? undefined : this.found
  }

  get isBlocked(): boolean {
    return this.#loaded?.kind === 'blocked'
  }

  /** The session that handlers use; undefined: not used yet; null: ended. */
  get current(): Session | null | undefined {
    return this.#current
  }

  /** The current session, made of the record on first use. */
  get session(): Session | null {
    if (this.#current === undefined) this.#current = this.open()
    return this.#current
  }

  /** The session whose cookie is to be cleared. */
  get previous(): Session | undefined {
    return this.#previous
  }

  /** The current session needs a new id, whatever was found. */
  get isMoved(): boolean {
    return this.#isMoved
  }

  /** Deadline and cookie are to be extended: rolling, `touch()`, or a signature of an older key. */
  get isDue(): boolean {
    return this.#isDue
  }

  isNew(): boolean {
    return this.record === undefined
  }

  touch(): void {
    this.#isDue = true
  }

  /** A session of a record's content, or a new one. */
  make(content?: Partial<RecordContent>): Session {
    return new Session(this, this.settings.format, content?.data, content?.cookie)
  }

  /** The session of the record that was found, or a new one. */
  open(): Session {
    const { found } = this
    const content = found?.content
    if (found && !content) {
      this.request.emit('reject', { why: 'invalid', id: found.id })
      this.#loaded = ABSENT
    }
    return this.make(content)
  }

  markPresented({ id, stale }: Presented): void {
    this.#presentedId = id
    if (stale) this.touch()
  }

  markLoaded(result: LoadResult): void {
    this.#loaded = result
  }

  /** Takes a session that was made of the record, unless a handler set one meanwhile. */
  offer(session: Session): void {
    if (this.#current === undefined) this.#current = session
  }

  /** `ctx.session = value`. A new object keeps id and cookie of the session that it replaces. */
  assign(value: unknown): void {
    const before = this.#current
    if (value === null || value === undefined) {
      this.#previous = before ?? this.#previous
      this.#current = null
    } else if (value !== before) {
      const session = this.#adopt(value)
      if (before === null) this.#isMoved = true
      else
        Session.inherit(
          session,
          before ? Session.storedCookie(before) : this.found?.content?.cookie,
        )
      this.#current = session
    }
  }

  /** Puts a session of its own id in the place of the current one. */
  moveTo(session: Session): void {
    this.#previous = this.#current ?? this.#previous
    this.#current = session
    this.#isMoved = true
    this.#reservedId = undefined
  }

  /** The id of a session that is not stored yet; the first call makes one. */
  reserveId(): Awaitable<string> {
    if (this.#reservedId === undefined) {
      const id = this.request.newId()
      this.#reservedId = typeof id === 'string' ? id : ignoreRejection(id)
    }
    return this.#reservedId
  }

  /** Chooses the id of a session that is not stored yet. */
  chooseId(id: string): void {
    this.#reservedId = id
  }

  /** A reserved id, for one attempt to store the session, or a new one. */
  takeId(): Awaitable<string> {
    const id = this.#reservedId ?? this.request.newId()
    this.#reservedId = undefined
    return id
  }

  get reservedId(): string | undefined {
    return typeof this.#reservedId === 'string' ? this.#reservedId : undefined
  }

  /** The current session as its record would hold it. */
  encode(session: Session): string {
    return Session.encode(session, this.#recordEnd)
  }

  /**
   * The record to write. `encoded`: the session as it was encoded just now, which is enough where
   * nothing depends on the time. A session that equals its record keeps that record's spelling.
   */
  valueToWrite(session: Session, expiresAt: number, encoded?: string): string {
    const { lifetime } = this.settings
    const end = this.#recordEnd
    const value =
      encoded === undefined || lifetime.isTimed(end)
        ? Session.encode(session, lifetime.endToWrite(session, expiresAt, end))
        : encoded
    const { record } = this
    return record && !lifetime.keepsDeadline(end) && this.isUnchanged(session, value)
      ? record.value
      : value
  }

  /** Whether a session, encoded as `value`, is the one that its record holds. */
  isUnchanged(session: Session, value: string): boolean {
    const { record } = this
    return record?.isSameAs(value, () => Session.side(session).fields) ?? false
  }

  /** Whether a write that changes nothing but the deadline changes the record too. */
  get keepsDeadline(): boolean {
    return this.settings.lifetime.keepsDeadline(this.#recordEnd)
  }

  /** Merges into the session what another request wrote. False: that is not a session. */
  rebase(session: Session, theirs: LoadedRecord): boolean {
    const base = this.found
    if (!base || !theirs.isWritable) return false
    const [before, after] = [storedSide(base.fields), storedSide(theirs.fields)]
    apply(session, merge(before, after, Session.side(session), this.settings.onConflict))
    this.#loaded = { kind: 'found', record: theirs }
    this.request.emit('conflict', { id: theirs.id })
    return true
  }

  /** The record is not there any more: this request writes nothing from now on. */
  markGone(): void {
    const id = this.found?.id
    this.#loaded = { kind: 'blocked' }
    this.request.takeBack()
    this.request.emit('gone', { id })
  }

  /** The store holds the session: only now is its cookie sent. */
  markStored(record: LoadedRecord, session: Session): Awaitable<void> {
    this.#loaded = { kind: 'found', record }
    this.#isMoved = false
    this.#isDue = false
    this.#reservedId = undefined
    return this.request.send(record, session)
  }

  /** This request ended the session: the store holds nothing of it any more. */
  markEnded(session: Session): Awaitable<void> {
    this.#loaded = ABSENT
    this.#isMoved = false
    return this.request.clear(session)
  }

  /** A new record holds nothing of the old one's end. */
  get #recordEnd(): RecordEnd {
    return this.record?.end ?? {}
  }

  #adopt(value: unknown): Session {
    // A promise is an object too: its await was forgotten.
    if (!isObject(value) || typeof value.then === 'function') {
      throw new SessionError(
        'ERR_SESSION_VALUE',
        'ctx.session can be set to an object, or to null to end the session',
      )
    }
    const { cookie, ...data } = copy(value)
    const session = this.make({ data })
    if (typeof cookie !== 'object' || cookie === null) return session
    // With `own` it is a stored cookie, as ctx.sessionStore returns it.
    if ('own' in cookie) Session.edit(session, 'cookie', cookie)
    else session.cookie = cookie
    return session
  }
}

export function apply(session: Session, changes: readonly KeyChange[]): void {
  for (const { key, value } of changes) Session.edit(session, key, value)
}
