import { type Awaitable, andThen, ignoreRejection, isPromise } from '../util/async.js'
import { SessionError } from '../util/errors.js'
import { assign } from './assign.js'
import { commit } from './commit.js'
import { assertId } from './id.js'
import { isRefusal } from './listing.js'
import { handleStoreFailure, openSession } from './open.js'
import { copy, type RegenerateOptions, Session } from './session.js'
import { SessionState } from './state.js'
import { update } from './update.js'
import { verifyCookie } from './verify.js'

/** The session of one request, as handlers use it: opened, set, ended, moved, saved. */
export class RequestSession extends SessionState {
  #opening: Awaitable<void> | undefined
  #isOpening = false
  #isOpen = false
  /** The last write of this request; undefined: none had to wait so far. */
  #writes: Promise<unknown> | undefined
  /** A regenerate that still reads what it keeps. */
  #regenerating: Promise<unknown> | undefined

  /** Reads the store, once, at the first call. */
  ready(): Awaitable<void> {
    if (this.#isOpen) return undefined
    // A listener that is called while the session is opened waits for the same read.
    if (this.#isOpening && !this.#opening) return Promise.resolve().then(() => this.ready())
    this.#isOpening = true
    this.#opening ??= this.#open()
    return this.#opening
  }

  #open(): Awaitable<void> {
    try {
      return andThen(openSession(this), () => {
        this.#isOpen = true
      })
    } catch (error) {
      // The next call gets the same error.
      return Promise.reject(error)
    }
  }

  /** `ctx.session` of a deferred session. */
  async deferred(): Promise<Session | null> {
    if (this.current === undefined) await this.ready()
    await this.#regenerating
    return this.session
  }

  /** `ctx.session = value`. */
  assign(value: unknown): void {
    assign(this, value)
  }

  /** Whether anything of the answer can depend on the session. */
  get isUsed(): boolean {
    return this.current !== undefined
  }

  /** The id, once there is data to give one to. */
  get id(): string | undefined {
    const { record, current } = this
    if (record) return record.id
    if (this.loaded?.kind === 'blocked' || !current) return undefined
    const needsId = this.isMoved || this.settings.allowEmpty || Object.keys(current).length > 0
    if (needsId) this.reserveId()
    return this.reservedId
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
    this.chooseId(id)
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
    this.setCurrent(null)
    await this.commit()
  }

  /** Its record was ended elsewhere: clears the cookie, and writes nothing. */
  async forget(): Promise<void> {
    const session = this.session ?? this.previous ?? this.make()
    this.setCurrent(null)
    await this.markEnded(session)
  }

  /** Marks the move at once, so that awaiting it is optional; the commit carries it out. */
  regenerate({ keep = [], checkpoint }: RegenerateOptions = {}): Promise<Session> {
    if (checkpoint !== undefined) this.checkpoint = checkpoint
    const isUnread = this.current === undefined && this.loaded === undefined
    return isUnread ? this.#regenerateUnread(keep) : this.#regenerateRead(keep)
  }

  #regenerateRead(keep: readonly string[]): Promise<Session> {
    const before = this.session
    const session = this.make()
    this.moveTo(session)
    if (before) Session.inheritAge(session, Session.storedCookie(before))
    return Promise.resolve(carryOver(session, before ?? {}, keep))
  }

  /** What is kept is not read yet: a later use of the session waits for it. */
  #regenerateUnread(keep: readonly string[]): Promise<Session> {
    const session = this.make()
    this.moveTo(session)
    const kept = Promise.resolve(this.ready()).then(() => {
      const content = this.found?.content
      Session.inheritAge(session, content?.cookie)
      return carryOver(session, content?.data ?? {}, keep)
    })
    this.#regenerating = kept
    this.#writes = Promise.allSettled([this.#writes, kept])
    return kept
  }

  /** After everything else: writes what changed, then sends the cookie. Calls take turns. */
  commit(): Awaitable<void> {
    return this.#inTurn(() => this.#commit())
  }

  /** The end of the request. */
  finish(): Awaitable<void> {
    const verify = () => verifyCookie(this)
    const verifyAndThrow = async (error: unknown) => {
      await verify()
      throw error
    }
    try {
      const done = this.commit()
      return isPromise(done) ? done.then(verify, verifyAndThrow) : verify()
    } catch (error) {
      return verifyAndThrow(error)
    }
  }

  update<T>(change: (draft: Session) => T | Promise<T>): Promise<T> {
    return ignoreRejection(this.#update(change))
  }

  async #update<T>(change: (draft: Session) => T | Promise<T>): Promise<T> {
    await this.#writes
    await this.ready()
    try {
      return await update(this, change, {
        inTurn: async (work) => this.#inTurn(work),
        commit: () => commit(this),
      })
    } catch (failure) {
      // An atomic change that was not made must not look made, whatever errorHandler does.
      throw (await handleStoreFailure(this, failure)).error
    }
  }

  /** One write after another: two writes of one request must not overlap. */
  #inTurn<T>(work: () => Awaitable<T>): Awaitable<T> {
    const done = this.#writes ? this.#writes.then(work) : work()
    if (isPromise(done)) this.#writes = done.catch(() => undefined)
    return done
  }

  #commit(): Awaitable<void> {
    if (!this.#hasWork()) return
    const handled = async (error: unknown): Promise<void> => {
      // A refused login is not tried again: the browser keeps the session that it had.
      if (isRefusal(error)) this.saving = false
      await handleStoreFailure(this, error)
    }
    try {
      const done = andThen(this.ready(), () => commit(this))
      return isPromise(done) ? done.catch(handled) : done
    } catch (error) {
      return handled(error)
    }
  }

  /** A session that was not used is neither read nor parsed. */
  #hasWork(): boolean {
    const { saving, current, isDue, found } = this
    if (saving === false) return false
    return current !== undefined || saving === true || (isDue && found !== undefined)
  }
}

function carryOver(session: Session, from: object, keep: readonly string[]): Session {
  const data = copy(from)
  for (const key of keep) if (Object.hasOwn(data, key)) Session.edit(session, key, data[key])
  return session
}
