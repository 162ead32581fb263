import type { Session } from './session.js'

/** The session that the handlers of a request use, and the one that it replaced. */
export abstract class HandlerSession {
  #current: Session | null | undefined
  /** What handlers see after null. It replaces null once something is written to it. */
  #next: Session | undefined
  #previous: Session | undefined
  #isMoved = false
  #hasEnded = false

  /** A new session. */
  abstract make(): Session
  /** The session of the record that was found, or a new one. */
  abstract open(): Session
  /** The id that was reserved is not used. */
  protected abstract dropId(): void

  /** The session that handlers use; undefined: not used yet; null: ended. */
  get current(): Session | null | undefined {
    return this.#current === null ? this.#takeNext() : this.#current
  }

  /** The current session, made of the record on first use. */
  get session(): Session | null {
    if (this.#current === undefined) this.#current = this.open()
    return this.#current ?? this.#takeNext()
  }

  /** `ctx.session`: never null, so that a page that reads it after a logout does not fail. */
  get visible(): Session {
    const { session } = this
    if (session) return session
    this.#next ??= this.make()
    return this.#next
  }

  /** The session that `null` or a new session replaced: its cookie is the one to clear. */
  get previous(): Session | undefined {
    return this.#previous
  }

  /** The current session needs a new id, whatever was found. */
  get isMoved(): boolean {
    return this.#isMoved
  }

  /** `null` ended a session of this request: one that has no record yet has nothing to do with it. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Whether a session is the empty one that handlers see after null. */
  protected isNext(session: Session | undefined): boolean {
    return session !== undefined && session === this.#next
  }

  /** Ends the current session, or takes another one in its place, under the same id. */
  setCurrent(session: Session | null): void {
    if (session === null) {
      this.#previous = this.#current ?? this.#previous
      this.#hasEnded = true
    } else if (this.#current === null) this.#isMoved = true
    this.#current = session
    this.#next = undefined
  }

  /** Takes another session in the place of the current one, under a new id. */
  moveTo(session: Session): void {
    this.#previous = this.#current ?? this.#previous
    this.#current = session
    this.#next = undefined
    this.#isMoved = true
    this.dropId()
  }

  /** The store holds the current session under its id, or nothing of it any more. */
  protected markSettled(): void {
    this.#isMoved = false
  }

  #takeNext(): Session | null {
    const next = this.#next
    if (next === undefined || Object.keys(next).length === 0) return null
    this.setCurrent(next)
    return next
  }
}
