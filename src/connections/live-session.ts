import type { LoadedRecord } from '../record/records.js'
import { StoreFailure } from '../record/store-guard.js'
import type { Session, SessionOf } from '../session/session.js'
import { SessionError } from '../util/errors.js'
import { type SessionEndKind, SessionEndReason } from './end-reason.js'

/**
 * The session of a connection: what `sessions.open()` resolves to.
 * @since Unreleased
 */
export interface LiveSession<Data extends object = SessionData> {
  /**
   * The session as `open`, `reload` or `update` saw it last. It is frozen: change it with `update`.
   * @example const { user } = live.session
   */
  readonly session: Readonly<Data>
  /**
   * Aborted when the session ends: at once when it ends in this process, else within `recheck`. Its
   * reason is a `SessionError` with `kind`: `ended`, `moved` (to a new id, by a regenerate) or `expired`.
   * @example live.signal.addEventListener('abort', () => socket.close())
   */
  readonly signal: AbortSignal
  /**
   * Reads the session again, and returns it.
   * @throws {SessionError} ERR_SESSION_ENDED when it has ended; what the store throws.
   * @example const { user } = await live.reload()
   */
  reload(): Promise<Readonly<Data>>
  /**
   * Reads, changes and writes as one step, as `session.update` does, and extends the session. Returns
   * what `change` returns.
   * @throws {SessionError} ERR_SESSION_ENDED when it has ended, ERR_SESSION_CONFLICT; what the store throws.
   * @example await live.update((draft) => { draft.views = (draft.views ?? 0) + 1 })
   */
  update<T>(change: (session: SessionOf<Data>) => T | Promise<T>): Promise<T>
  /**
   * The connection is closed: the session is not checked for it any more, and `signal` stays as it is.
   * @example socket.on('close', () => live.close())
   */
  close(): void
}

/** One use of the session, which changes it. */
interface SessionUpdate {
  readonly found: LoadedRecord | undefined
  update<T>(change: (session: Session) => T | Promise<T>): Promise<T>
}

/** The session that a connection holds, as far as its user needs it. */
interface Held {
  readonly record: LoadedRecord
  see(record: LoadedRecord, at: number): void
}

export interface LiveParts<H extends Held = Held> {
  held: H
  checker: {
    now(): number
    /** Ends the connections of a session that has ended, and returns why. */
    look(session: H): Promise<SessionEndKind | undefined>
    /** As `look`, and never rejects. */
    check(session: H): Promise<void>
  }
  connection: { readonly signal: AbortSignal; close(): void }
  /** Begins to change the session of a record. */
  writer(record: LoadedRecord): SessionUpdate
}

/** The session of one connection. */
export class ConnectedSession<H extends Held> implements LiveSession<object> {
  readonly #parts: LiveParts<H>
  #record: LoadedRecord
  #snapshot: object | undefined

  constructor(parts: LiveParts<H>) {
    this.#parts = parts
    this.#record = parts.held.record
  }

  get session(): object {
    this.#snapshot ??= snapshotOf(this.#record)
    return this.#snapshot
  }

  get signal(): AbortSignal {
    return this.#parts.connection.signal
  }

  async reload(): Promise<object> {
    const { checker, held } = this.#parts
    this.signal.throwIfAborted()
    const ended = await StoreFailure.unwrap(checker.look(held))
    if (ended) throw new SessionEndReason(ended)
    this.#see(held.record)
    return this.session
  }

  async update<T>(change: (session: Session) => T | Promise<T>): Promise<T> {
    const { checker, held, writer } = this.#parts
    this.signal.throwIfAborted()
    const begunAt = checker.now()
    const session = writer(held.record)
    try {
      const result = await session.update(change)
      if (session.found) {
        held.see(session.found, begunAt)
        this.#see(session.found)
      }
      return result
    } catch (error) {
      const isOver = error instanceof SessionError && error.code === 'ERR_SESSION_ENDED'
      // A read shows why it ended, and the connections end at once.
      if (isOver) await checker.check(held)
      throw error
    }
  }

  close(): void {
    this.#parts.connection.close()
  }

  #see(record: LoadedRecord): void {
    if (record.value !== this.#record.value) this.#snapshot = undefined
    this.#record = record
  }
}

/** A session made of `content` would share its objects, and could change them. */
function snapshotOf({ format, value }: LoadedRecord): object {
  return Object.freeze(format.parse(value)?.data ?? {})
}
