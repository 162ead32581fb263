import { type Fields, joinFields } from '../record/fields.js'
import { parseRecord, type RecordContent, type RecordEnd } from '../record/format.js'
import type { LoadedRecord, SessionEnd } from '../record/records.js'
import type { Awaitable } from '../util/async.js'
import { DataWarning } from './data-warning.js'
import type { RegenerateRequest } from './declared-data.js'
import type { BindingRule } from './device-binding.js'
import { HandlerSession } from './handler-session.js'
import { ReservedId } from './reserved-id.js'
import { Session, type SessionOwner } from './session.js'
import type { SessionSettings } from './settings.js'
import { ABSENT, type LoadResult, type Presented, type SessionRequest } from './transport.js'

const NO_END: RecordEnd = {}
const DATA_WARNING = new DataWarning()

/** The session of one request: what the store held, and what the handlers made of it. */
export abstract class SessionState extends HandlerSession implements SessionOwner {
  #reservedId: ReservedId | undefined
  /** At which the login of this request began. */
  checkpoint: string | undefined
  bindingRule: BindingRule = 'free'
  #saving: boolean | undefined
  readonly #endsBefore: number
  readonly #beganAt: number
  #presentedId: string | undefined
  #loaded: LoadResult | undefined
  #isRestarted = false
  #isDue: boolean
  #isTouched = false
  #refused: { readonly user: string | undefined } | undefined
  #sentAt: number | undefined

  constructor(
    readonly settings: SessionSettings,
    readonly request: SessionRequest,
  ) {
    super()
    this.#isDue = settings.lifetime.isRolling
    this.#endsBefore = settings.records.ends
    this.#beganAt = settings.defer ? settings.lifetime.now() : 0
  }

  /** The read of the session must not have extended it. */
  protected abstract keepDeadline(): void
  abstract save(): Promise<boolean>
  abstract regenerate(options?: RegenerateRequest): Promise<unknown>
  abstract destroy(): Promise<void>
  abstract update<T>(change: (draft: Session) => T | Promise<T>): Promise<T>
  abstract reload(): Promise<void>

  /**
   * `ctx.sessionSave`: true forces a save. False: only an explicit save or update writes or extends.
   * undefined leaves it to the changes.
   */
  get saving(): boolean | undefined {
    return this.#saving
  }
  set saving(saving: boolean | undefined) {
    this.#saving = saving
    if (saving === false) this.keepDeadline()
  }

  /** The id of a session that is not stored yet. */
  get reservedId(): ReservedId {
    this.#reservedId ??= new ReservedId(this.request)
    return this.#reservedId
  }

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
    return this.isMoved ? undefined : this.found
  }

  /** Deadline and cookie are to be extended. Only `touch()` does that where shared caches may store the answer. */
  get isDue(): boolean {
    return this.#isTouched || (this.#isDue && !this.request.isShared)
  }

  /** The tick of the records at which the cookie was set; undefined: it was not. */
  get sentAt(): number | undefined {
    return this.#sentAt
  }

  isNew(session?: Session): boolean {
    return this.record === undefined || this.isNext(session)
  }

  touch(): void {
    this.#isTouched = true
  }

  /**
   * A login was refused: the end of the request does not try it again, and the browser keeps the session
   * that it had. A logout, or the session of another user, is written.
   */
  markRefused(): void {
    if (this.current) this.#refused = { user: this.#ownerOf(this.current) }
  }

  /** Whether the login of this session was refused. */
  isRefused(session: Session): boolean {
    return this.#refused !== undefined && this.#refused.user === this.#ownerOf(session)
  }

  #ownerOf(session: Session): string | undefined {
    return this.settings.listing?.owner(session)
  }

  /** Extends the session by `renew`, or to store it as it would be stored today. */
  markDue(): void {
    this.#isDue = true
  }

  /** A session of a record's content, or a new one. */
  make(content?: Partial<RecordContent>): Session {
    return new Session(this, this.settings.format, content?.data, content?.cookie)
  }

  /** A session of the fields of a record. */
  makeOfFields(fields: Fields): Session {
    return this.make(parseRecord(joinFields(fields)))
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
    this.#isDue = stale || this.settings.lifetime.isRolling
  }

  markLoaded(result: LoadResult): void {
    const restarts = this.#isRestarted && result.kind === 'blocked' && result.mayRestart
    this.#loaded = restarts ? ABSENT : result
  }

  /** A regenerate was asked for: it begins a new session where the presented one had ended before. */
  protected restart(): void {
    this.#isRestarted = true
    if (this.#loaded) this.markLoaded(this.#loaded)
  }

  /** Whether a session had ended when this request began. The clocks of two servers may differ. */
  hadEnded({ at, order }: SessionEnd): boolean {
    return order <= this.#endsBefore && (!this.settings.defer || at <= this.#beganAt)
  }

  protected dropId(): void {
    this.#reservedId?.drop()
  }

  /** A session as its record would hold it. */
  encode(session: Session): string {
    return Session.encode(session, this.recordEnd)
  }

  /** Whether a session, encoded as `value`, is the one that its record holds. */
  isUnchanged(session: Session, value: string): boolean {
    return this.record?.isSameAs(value, session, Session.fields) ?? false
  }

  /**
   * The record to write. `encoded`: the session as it was encoded just now, which is enough where
   * nothing depends on the time. A session that equals its record keeps that record's spelling.
   */
  valueToWrite(session: Session, expiresAt: number, encoded?: string): string {
    const { lifetime } = this.settings
    const end = this.recordEnd
    const value =
      encoded === undefined || lifetime.isTimed(end)
        ? Session.encode(session, lifetime.endToWrite(session, expiresAt, end))
        : encoded
    const { record } = this
    const keepsSpelling = !lifetime.keepsDeadline(end) && this.isUnchanged(session, value)
    return record && keepsSpelling ? record.value : value
  }

  /** What the record says about its end. A new record holds nothing of the old one's. */
  get recordEnd(): RecordEnd {
    return this.record?.end ?? NO_END
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
    DATA_WARNING.note(session)
    this.#loaded = { kind: 'found', record }
    this.markSettled()
    this.#refused = undefined
    this.#isDue = false
    this.#isTouched = false
    this.#reservedId?.drop()
    this.#sentAt = this.settings.records.tick()
    const { rollingReads, lifetime } = this.settings
    if (rollingReads.ms !== undefined) rollingReads.note(record.id, lifetime.deadline(session))
    return this.request.send(record, session)
  }

  /** This request ended the session: the store holds nothing of it any more. */
  markEnded(session: Session): Awaitable<void> {
    this.#loaded = ABSENT
    this.markSettled()
    this.#sentAt = undefined
    // A browser that came without a cookie knows nothing of it yet.
    if (this.#presentedId === undefined && this.request.takeBack()) return undefined
    return this.request.clear(session)
  }
}
