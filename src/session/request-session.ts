import { type Awaitable, andThenWith, ignoreRejection, isPromise } from '../util/async.js'
import { assign } from './assign.js'
import { carryOver, dataOf, NOTHING } from './carry-over.js'
import { type Cause, COMMITS, commit } from './commit.js'
import type { RegenerateRequest } from './declared-data.js'
import { assertId, fixedId } from './id.js'
import { deadlineBefore, putBack } from './keep-deadline.js'
import { isRefusal } from './listing.js'
import { openSession } from './open.js'
import { checkRegenerate } from './regenerate-request.js'
import { reload } from './reload.js'
import type { Session } from './session.js'
import { SessionState } from './state.js'
import { handleStoreFailure } from './store-failure.js'
import { update } from './update.js'
import { verifyCookie } from './verify.js'

/** The session of one request, as handlers use it: opened, set, ended, moved, saved. */
export class RequestSession extends SessionState {
  #opening: Awaitable<void> | undefined
  #isOpening = false
  #isOpen = false
  /** The last write of this request; undefined: none had to wait so far. */
  #writes: Promise<unknown> | undefined
  /** The deadline that is put back. */
  #keeping: Promise<false> | undefined
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

  static #markOpen(_: unknown, session: RequestSession): void {
    session.#isOpen = true
  }

  #open(): Awaitable<void> {
    try {
      return andThenWith(openSession(this), this, RequestSession.#markOpen)
    } catch (error) {
      // The next call gets the same error.
      return Promise.reject(error)
    }
  }

  /** `ctx.session` of a deferred session. */
  async deferred(): Promise<Session> {
    if (this.current === undefined) await this.ready()
    await this.#regenerating
    return this.visible
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
    // First: a session that was written to after null takes its place now.
    const { current, record } = this
    if (record) return record.id
    if (this.loaded?.kind === 'blocked' || !current) return undefined
    const needsId = this.isMoved || this.settings.allowEmpty || Object.keys(current).length > 0
    if (needsId) this.reservedId.reserve()
    return this.reservedId.value
  }

  /** Chooses the id of a session that is not stored yet. */
  set id(id: string) {
    assertId(id)
    if (!this.isNew()) throw fixedId()
    this.reservedId.choose(id)
  }

  /**
   * Commits now; a stored session is extended even if nothing changed, a new one is stored even if it
   * is empty. False: the session has ended, and nothing was stored.
   */
  save(): Promise<boolean> {
    this.touch()
    return ignoreRejection(this.#saveNow())
  }

  async #saveNow(): Promise<boolean> {
    await this.ready()
    return this.#inTurn(() => this.#commit('save'))
  }

  async destroy(): Promise<void> {
    this.setCurrent(null)
    await this.#inTurn(() => this.#commit('save'))
  }

  /** Its record was ended elsewhere: clears the cookie, and writes nothing. */
  async forget(): Promise<void> {
    const session = this.session ?? this.previous ?? this.make()
    this.setCurrent(null)
    await this.markEnded(session)
  }

  /** Marks the move at once, so that awaiting it is optional; the commit carries it out. */
  regenerate(request: RegenerateRequest = {}): Promise<Session> {
    const { keep, checkpoint } = checkRegenerate(request, this.settings.listing !== undefined)
    this.restart()
    if (checkpoint !== undefined) this.checkpoint = checkpoint
    const isUnread = this.current === undefined && this.loaded === undefined
    const before = isUnread ? undefined : this.session
    const session = this.make()
    this.moveTo(session)
    const fill = async (): Promise<Session> => {
      const { data, cookie } = before ? dataOf(before) : (this.found?.content ?? NOTHING)
      if (before !== null) carryOver(session, data, cookie, keep)
      // The id is known once a regenerate was awaited.
      if (this.loaded?.kind !== 'blocked') await this.reservedId.reserve()
      return session
    }
    // One that failed for want of an id has carried over what it keeps.
    const earlier = this.#regenerating?.catch(() => undefined)
    const reading = isUnread ? Promise.resolve(this.ready()) : earlier
    return ignoreRejection(reading ? this.#fillLater(reading.then(fill)) : fill())
  }

  /** What is kept is not read yet: a later use of the session waits for it. */
  #fillLater(filled: Promise<Session>): Promise<Session> {
    this.#regenerating = filled
    this.#writes = Promise.allSettled([this.#writes, filled])
    return filled
  }

  /** After everything else: writes what changed, then sends the cookie. Calls take turns. */
  commit(): Awaitable<unknown> {
    return this.#writes ? this.#inTurn(() => this.#commit('end')) : this.#note(this.#commit('end'))
  }

  /** The end of the request. */
  finish(): Awaitable<void> {
    try {
      const done = this.commit()
      return isPromise(done) ? this.#verifyAfter(done) : verifyCookie(this)
    } catch (error) {
      return this.#verifyAfter(Promise.reject(error))
    }
  }

  async #verifyAfter(done: Promise<unknown>): Promise<void> {
    try {
      await done
    } finally {
      await verifyCookie(this)
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
        commit: () => commit(this, 'update'),
      })
    } catch (failure) {
      if (isRefusal(failure) && this.isMoved) this.markRefused()
      // An atomic change that was not made must not look made, whatever errorHandler does.
      throw (await handleStoreFailure(this, failure)).error
    }
  }

  async reload(): Promise<void> {
    await this.ready()
    await this.#inTurn(() => reload(this))
  }

  /** One write after another: two writes of one request must not overlap. */
  #inTurn<T>(work: () => Awaitable<T>): Awaitable<T> {
    return this.#note(this.#writes ? this.#writes.then(work) : work())
  }

  /** Later writes wait for this one. */
  #note<T>(done: Awaitable<T>): Awaitable<T> {
    if (isPromise(done)) this.#writes = done.catch(() => undefined)
    return done
  }

  /** Whether the store holds the session afterwards. */
  #commit(cause: Cause): Awaitable<boolean> {
    // A rolling read has extended the session, and shared caches may store the answer.
    if (cause === 'end' && !this.isDue) this.keepDeadline()
    if (cause === 'end' && !this.#hasWork()) return this.#keeping ?? false
    try {
      const done = andThenWith(this.ready(), this, COMMITS[cause])
      return isPromise(done) ? this.#orFail(done) : done
    } catch (error) {
      return this.#fail(error)
    }
  }

  #orFail<T>(done: Promise<T>): Promise<T | false> {
    return done.catch((error: unknown) => this.#fail(error))
  }

  async #fail(error: unknown): Promise<false> {
    if (isRefusal(error)) this.markRefused()
    await handleStoreFailure(this, error)
    return false
  }

  /** Puts the deadline back that the read has moved. */
  protected keepDeadline(): void {
    const { loaded } = this
    if (loaded?.kind !== 'found' || !loaded.extension) return
    const { read } = loaded.extension
    const { record } = loaded
    this.markLoaded({ kind: 'found', record })
    const expiresAt = deadlineBefore(this.settings, this.current ?? this.make(record.content), read)
    if (expiresAt === read.expiresAt) return
    this.#keeping = this.#orFail(putBack(this.settings, record, expiresAt))
    this.#inTurn(() => this.#keeping)
  }

  /** A session that was not used is neither read nor parsed. */
  #hasWork(): boolean {
    const { saving, current, isDue, found } = this
    if (saving === false) return false
    return current !== undefined || saving === true || (isDue && found !== undefined)
  }
}
