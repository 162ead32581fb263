import { commit } from './commit.js'
import type { Config } from './config.js'
import { isRenewable } from './deadline.js'
import { SessionError } from './errors.js'
import type { Rejection } from './events.js'
import { StoreFailure } from './gate.js'
import { assertId } from './id.js'
import { load, type Origin } from './load.js'
import { copy, forgettable, type RegenerateOptions, Session, type SessionOwner } from './session.js'
import { update } from './update.js'
import { type Host, Visit } from './visit.js'

/** The session of one request, as handlers use it: read, set, ended, moved, saved. */
export class RequestSession implements SessionOwner {
  readonly #visit: Visit
  #loading: Promise<void> | undefined
  #commits: Promise<unknown> = Promise.resolve()
  #carried: Promise<unknown> | undefined
  #presented: string | undefined

  constructor(config: Config, host: Host) {
    this.#visit = new Visit(config, host, this)
  }

  /** Reads the store, once, whoever asks first. */
  ready(): Promise<void> {
    this.#loading ??= this.#load()
    return this.#loading
  }

  get session(): Session | null {
    return this.#visit.session
  }

  /** A new object keeps id and cookie of the session it replaces; after null it is a new session. */
  set session(value: unknown) {
    const visit = this.#visit
    const before = visit.current
    if (value === null || value === undefined) {
      visit.last = before ?? visit.last
      visit.current = null
    } else if (value !== before) {
      const session = visit.adopt(value)
      if (before === null) visit.moved = true
      else Session.inherit(session, before ? Session.snapshot(before).cookie : visit.base()?.cookie)
      visit.current = session
    }
  }

  /** `ctx.session` of a deferred session. */
  async deferred(): Promise<Session | null> {
    if (this.#visit.current === undefined) await this.ready()
    await this.#carried
    return this.#visit.session
  }

  /** Whether anything of the answer can depend on it. */
  get used(): boolean {
    return this.#visit.current !== undefined
  }

  get saving(): boolean | undefined {
    return this.#visit.saving
  }
  set saving(value: boolean | undefined) {
    this.#visit.saving = value
  }

  /** The id, once there is something to give one to. */
  get id(): string | undefined {
    const visit = this.#visit
    if (visit.held) return visit.held.id
    if (visit.origin?.kind === 'barred' || !visit.current) return undefined
    const deserved = visit.moved || visit.config.allowEmpty || Object.keys(visit.current).length > 0
    if (deserved && visit.reserved === undefined) {
      const id = visit.host.newId()
      visit.reserved = typeof id === 'string' ? id : forgettable(id)
    }
    return typeof visit.reserved === 'string' ? visit.reserved : undefined
  }

  /** Chooses the id of a session that is not stored yet. */
  set id(id: string) {
    assertId(id)
    if (!this.isNew()) {
      throw new SessionError(
        'ERR_SESSION_ID',
        'A stored session keeps its id: call regenerateSession() for a new one',
      )
    }
    this.#visit.reserved = id
  }

  isNew(): boolean {
    return this.#visit.held === undefined
  }

  touch(): void {
    this.#visit.due = true
  }

  /** Commits now; a stored session is extended even if nothing changed. */
  save(): Promise<void> {
    this.touch()
    return forgettable(this.ready().then(() => this.commit()))
  }

  destroy(): Promise<void> {
    this.session = null
    return this.commit()
  }

  /** Marks the move at once, so that awaiting it is optional; the commit carries it out. */
  regenerate({ keep = [] }: RegenerateOptions = {}): Promise<Session> {
    const visit = this.#visit
    const unread = visit.current === undefined && visit.origin === undefined
    const before = unread ? undefined : visit.session
    const session = visit.make()
    const carry = (from: object = {}) => {
      const kept = copy(from)
      for (const key of keep) if (Object.hasOwn(kept, key)) Session.edit(session, key, kept[key])
      return session
    }
    visit.last = before ?? visit.last
    visit.current = session
    visit.moved = true
    visit.reserved = undefined
    if (before) Session.age(session, Session.snapshot(before).cookie)
    if (!unread) return Promise.resolve(carry(before ?? undefined))
    const carried = this.ready().then(() => {
      const base = visit.base()
      Session.age(session, base?.cookie)
      return carry(base?.data)
    })
    // Whoever asks for the session next gets it with what is kept, and may change that.
    this.#carried = carried
    this.#commits = Promise.allSettled([this.#commits, carried])
    return carried
  }

  /** After everything else: writes what changed, then sends the cookie. Calls queue up. */
  commit(): Promise<void> {
    return this.#inTurn(() => this.#commit())
  }

  update<T>(change: (draft: Session) => T | Promise<T>): Promise<T> {
    return forgettable(this.#update(change))
  }

  async #update<T>(change: (draft: Session) => T | Promise<T>): Promise<T> {
    await this.#commits
    await this.ready()
    try {
      return await update(this.#visit, change, (work) => this.#inTurn(work))
    } catch (failure) {
      if (!(failure instanceof StoreFailure)) throw failure
      // Who asked for an atomic change must hear that there was none, whatever errorHandler does.
      await this.#visit.host.failed(failure)
      throw failure.error
    }
  }

  /** One after another: what writes a session must not cross what else this request writes. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#commits.then(work)
    this.#commits = done.catch(() => undefined)
    return done
  }

  async #commit(): Promise<void> {
    if (!this.#isWanted()) return
    await this.ready()
    await this.#guarded(
      () => commit(this.#visit),
      () => undefined,
    )
  }

  // Nothing is read or parsed for a session that nobody used.
  #isWanted(): boolean {
    const { saving, current, due, found } = this.#visit
    if (saving === false) return false
    return current !== undefined || saving === true || (due && found !== undefined)
  }

  async #load(): Promise<void> {
    const visit = this.#visit
    const origin = await this.#guarded(
      () => this.#read(),
      ({ error }): Origin => ({ kind: 'barred', failure: error }),
    )
    visit.origin = origin
    if (origin.kind !== 'found' && origin.why) this.#tell(origin.why)
    if (origin.kind === 'found' && visit.config.valid) await this.#validate()
    if (visit.found && !visit.config.writer.vault.isCurrent(visit.found)) visit.due = true
    this.#renew()
    // It was set before it was read: the cookie of this user stays what it was.
    if (visit.held && visit.current) Session.inherit(visit.current, visit.base()?.cookie)
  }

  #tell(why: Rejection): void {
    const { host } = this.#visit
    const id = this.#presented
    if (why === 'expired') host.emit('expire', { id })
    host.emit('reject', { id, why })
  }

  #renew(): void {
    const visit = this.#visit
    if (visit.config.renew === undefined || !visit.found) return
    const record = visit.base()
    if (record && isRenewable(visit, visit.make(record), record.until)) visit.due = true
  }

  async #read(): Promise<Origin> {
    const visit = this.#visit
    const presented = await visit.host.presentedId()
    if (!presented) return { kind: 'absent' }
    this.#presented = presented.id
    visit.due ||= presented.stale
    const { writer, extend, absoluteTimeout } = visit.config
    return load(writer, presented.id, extend, absoluteTimeout)
  }

  async #validate(): Promise<void> {
    const visit = this.#visit
    const session = visit.open()
    if (await visit.host.valid(session)) {
      // It may have been set, or set to null, while it was read.
      if (visit.current === undefined) visit.current = session
    } else {
      visit.origin = { kind: 'absent' }
      this.#tell('invalid')
    }
  }

  async #guarded<T>(work: () => Promise<T>, otherwise: (failure: StoreFailure) => T): Promise<T> {
    try {
      return await work()
    } catch (failure) {
      if (!(failure instanceof StoreFailure)) throw failure
      await this.#visit.host.failed(failure)
      return otherwise(failure)
    }
  }
}
