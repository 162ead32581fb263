import type { Config } from '../options/resolve.js'
import { type Awaitable, andThen, ignoreRejection, isPromise } from '../util/async.js'
import { SessionError } from '../util/errors.js'
import { commit } from './commit.js'
import { assertId } from './id.js'
import { arrive, survive } from './open.js'
import { copy, type RegenerateOptions, Session, type SessionOwner } from './session.js'
import { type Host, Visit } from './state.js'
import { update } from './update.js'

/** The session of one request, as handlers use it: read, set, ended, moved, saved. */
export class RequestSession implements SessionOwner {
  readonly #visit: Visit
  #loading: Awaitable<void> | undefined
  // Who comes next waits for it; undefined: nobody had to wait for anything yet.
  #commits: Promise<unknown> | undefined
  #carried: Promise<unknown> | undefined
  #isBegun = false
  #isLoaded = false

  constructor(config: Config, host: Host) {
    this.#visit = new Visit(config, host, this)
  }

  /** Reads the store, once, whoever asks first. */
  ready(): Awaitable<void> {
    if (this.#isLoaded) return undefined
    // A listener that is told of it at once may ask in the middle of it: it waits for the same read.
    if (this.#isBegun && !this.#loading) return Promise.resolve().then(() => this.ready())
    this.#isBegun = true
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
      visit.reserved = typeof id === 'string' ? id : ignoreRejection(id)
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
    return ignoreRejection(this.#saveNow())
  }

  async #saveNow(): Promise<void> {
    await this.ready()
    await this.commit()
  }

  async destroy(): Promise<void> {
    this.session = null
    await this.commit()
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
    const carried = Promise.resolve(this.ready()).then(() => {
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
  commit(): Awaitable<void> {
    return this.#inTurn(() => this.#commit())
  }

  update<T>(change: (draft: Session) => T | Promise<T>): Promise<T> {
    return ignoreRejection(this.#update(change))
  }

  async #update<T>(change: (draft: Session) => T | Promise<T>): Promise<T> {
    await this.#commits
    await this.ready()
    try {
      return await update(this.#visit, change, async (work) => this.#inTurn(work))
    } catch (failure) {
      // Who asked for an atomic change must hear that there was none, whatever errorHandler does.
      throw (await survive(this.#visit, failure)).error
    }
  }

  /** One after another: what writes a session must not cross what else this request writes. */
  #inTurn<T>(work: () => Awaitable<T>): Awaitable<T> {
    const done = this.#commits ? this.#commits.then(work) : work()
    if (isPromise(done)) this.#commits = done.catch(() => undefined)
    return done
  }

  #commit(): Awaitable<void> {
    if (!this.#isWanted()) return
    const write = () => commit(this.#visit)
    const survived = async (error: unknown) => void (await survive(this.#visit, error))
    try {
      const done = andThen(this.ready(), write)
      return isPromise(done) ? done.catch(survived) : done
    } catch (error) {
      return survived(error)
    }
  }

  // Nothing is read or parsed for a session that nobody used.
  #isWanted(): boolean {
    const { saving, current, due, found } = this.#visit
    if (saving === false) return false
    return current !== undefined || saving === true || (due && found !== undefined)
  }

  #load(): Awaitable<void> {
    try {
      return andThen(arrive(this.#visit), () => {
        this.#isLoaded = true
      })
    } catch (error) {
      // Whoever asks next hears of it too.
      return Promise.reject(error)
    }
  }
}
