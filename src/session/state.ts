import type { Config } from '../options/resolve.js'
import type { Held } from '../record/envelope.js'
import { type Decoded, decode } from '../record/format.js'
import { type Edit, merge } from '../record/merge.js'
import type { StoreFailure } from '../record/store-guard.js'
import type { StoredSession } from '../stores/contract.js'
import type { Awaitable } from '../util/async.js'
import { SessionError } from '../util/errors.js'
import type { About, SessionEvent } from '../util/events.js'
import { isEncodable } from '../util/json.js'
import { firstEnd } from './lifetime.js'
import { ABSENT, type Origin } from './load.js'
import { copy, Session, type SessionOwner } from './session.js'

/** What a session needs of the framework around it. */
export interface Host {
  /** The verified id of this request; `stale`: its signature is due for the newer key. */
  presentedId(): Awaitable<{ id: string; stale: boolean } | undefined>
  newId(): Awaitable<string>
  /** Throws, while nothing is written yet, when the cookie of this session could not be sent. */
  check(session: Session): void
  setCookie(id: string, session: Session): Awaitable<void>
  clearCookie(session: Session): Awaitable<void>
  /** What was sent does not hold any more, and may still be taken back. */
  takeBack(): void
  valid(session: Session): Awaitable<boolean>
  beforeSave(session: Session): Awaitable<void>
  /** Throws, unless the application's `errorHandler` took the failure upon itself. */
  failed(failure: StoreFailure): Awaitable<void>
  emit(event: SessionEvent, about?: About): void
}

/** What is known of one request's session: what the store held, and what the handlers made of it. */
export class Visit {
  /** `ctx.sessionSave`: true forces a save, false forbids one, undefined leaves it to the changes. */
  saving: boolean | undefined
  /** The id that the request came with. */
  presented: string | undefined
  /** What the store held; undefined: not read yet. */
  origin: Origin | undefined
  /** undefined: nobody asked for it yet; null: ended. */
  current: Session | null | undefined
  /** What `null` or a new session took the place of: its cookie is the one to clear. */
  last: Session | undefined
  /** The current session belongs under a new id, whatever was found. */
  moved = false
  /** Deadline and cookie are due again: rolling, `touch()`, or a signature of an older key. */
  due: boolean
  /** An id that was told or chosen before the session is stored. */
  reserved: Awaitable<string> | undefined
  /** What the record held beside data and cookie. */
  #extras: Partial<Pick<Decoded, 'peer' | 'until'>> = {}

  constructor(
    readonly config: Config,
    readonly host: Host,
    readonly owner: SessionOwner,
  ) {
    this.due = config.rolling && config.renew === undefined
  }

  get found(): Held | undefined {
    return this.origin?.kind === 'found' ? this.origin.held : undefined
  }

  /** The record that the current session goes back to; undefined: it needs a new one. */
  get held(): Held | undefined {
    return this.moved ? undefined : this.found
  }

  /** The current session, made from what was found when nobody asked before. */
  get session(): Session | null {
    if (this.current === undefined) this.current = this.open()
    return this.current
  }

  open(): Session {
    const record = this.base()
    if (this.found && !record) {
      this.host.emit('reject', { why: 'invalid', id: this.found.id })
      this.origin = ABSENT
    }
    return this.make(record)
  }

  make(record?: Partial<Decoded>): Session {
    return new Session(this.owner, this.config.template, record?.data, record?.cookie)
  }

  /** The session that `ctx.session = value` means. */
  adopt(value: unknown): Session {
    // A promise is an object too: somebody forgot to wait for it.
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isObject || typeof Reflect.get(value, 'then') === 'function') {
      throw new SessionError(
        'ERR_SESSION_VALUE',
        'ctx.session can be set to an object, or to null to end the session',
      )
    }
    const { cookie, ...data } = copy(value)
    const session = this.make({ data })
    // As ctx.sessionStore tells it, or as the application writes it.
    const stored = typeof cookie === 'object' && cookie !== null && 'own' in cookie
    if (stored) Session.edit(session, 'cookie', cookie)
    else if (typeof cookie === 'object' && cookie !== null) session.cookie = cookie
    return session
  }

  /** The record as it was last seen in the store. */
  base(): Decoded | undefined {
    const record = this.found && this.#decode(this.found.value)
    this.#extras = { peer: record?.peer, until: record?.until }
    return record
  }

  encode(session: Session): string {
    return Session.encode(session, this.moved ? undefined : this.#extras)
  }

  /**
   * The record to write: for koa-session, and with `renew`, it keeps the deadline inside. `known`: as it
   * was encoded just now, which will do where nothing depends on the time.
   */
  encodeUntil(session: Session, expiresAt: number, known?: string): string {
    const { renew, absoluteTimeout } = this.config
    const timed = [renew, absoluteTimeout, this.#extras.peer].some((each) => each !== undefined)
    if (known !== undefined && !timed) return known
    // A new record has nothing of the old one's, and what is written now is what the next look compares with.
    if (this.moved) this.#extras = {}
    const extras = this.#extras
    if (extras.peer) {
      const { maxAge } = session.cookie
      extras.peer = maxAge ? { expire: expiresAt, maxAge } : 'session'
    }
    if (this.config.renew !== undefined) extras.until = firstEnd(this, session, expiresAt)
    return Session.encode(session, extras)
  }

  get keepsDeadline(): boolean {
    return typeof this.#extras.peer === 'object' || this.config.renew !== undefined
  }

  /** Whether a session differs from its record; records of older packages spell the same differently. */
  differs(value: string, held: Held): boolean {
    if (value === held.value) return false
    const spelledAsOurs = held.value.endsWith(this.config.template.tail)
    // A session that was set over a record which cannot be written differs from it.
    if (spelledAsOurs || !isRecord(held.value)) return true
    return value !== this.encode(this.make(this.#decode(held.value)))
  }

  /** Takes into the session what somebody else wrote since. False: what they wrote is no session. */
  rebase(session: Session, theirs: Held): boolean {
    if (this.origin?.kind !== 'found' || !isRecord(theirs.value)) return false
    const [base, other] = [this.#view(this.origin.held.value), this.#view(theirs.value)]
    apply(session, merge(base, other, Session.snapshot(session), this.config.onConflict))
    this.origin = { ...this.origin, held: theirs }
    this.base()
    this.host.emit('conflict', { id: theirs.id })
    return true
  }

  /** The changes that lead from one record to a session. */
  changes(before: string, after: Session, onto: Session): Edit[] {
    return merge(this.#view(before), Session.snapshot(after), Session.snapshot(onto), 'theirs')
  }

  /** The record is not there any more: nothing is written for this request from now on. */
  gone(): void {
    const id = this.found?.id
    this.origin = { kind: 'barred' }
    this.host.takeBack()
    this.host.emit('gone', { id })
  }

  /** The session is in the store under this id: only now does the browser hear of it. */
  stored(held: Held, session: Session): Awaitable<void> {
    this.origin = { kind: 'found', held, extended: undefined, moment: -1 }
    this.moved = false
    this.due = false
    this.reserved = undefined
    return this.host.setCookie(held.id, session)
  }

  /** The store holds nothing of this session any more, by our own doing. */
  ended(session: Session): Awaitable<void> {
    this.origin = ABSENT
    this.moved = false
    return this.host.clearCookie(session)
  }

  #decode(value: string): Decoded | undefined {
    return decode(value, this.config.template.tail)
  }

  #view(value: string): StoredSession {
    return Session.snapshot(this.make(this.#decode(value)))
  }
}

function isRecord(value: string): boolean {
  const record = decode(value)
  return record !== undefined && isEncodable(record.data)
}

export function apply(session: Session, edits: readonly Edit[]): void {
  for (const { key, value } of edits) Session.edit(session, key, value)
}
