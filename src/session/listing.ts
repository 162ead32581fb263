import type { Awaitable } from '../util/async.js'
import { SessionError } from '../util/errors.js'
import type { EventDetails, SessionEvent } from '../util/events.js'

/** The state of a request, as far as the list of its user's sessions needs it. */
export interface ListedState {
  /** What `regenerateSession({ checkpoint })` was given. */
  readonly checkpoint: string | undefined
  readonly request: {
    emit(event: SessionEvent, details?: EventDetails): void
    /** What the list shows of a session. */
    describe(): unknown
  }
}

/** A record, as far as lists of sessions need it. */
export interface ListedRecord {
  readonly id: string
  /** The key in the store. */
  readonly key: string
  /** The record as JSON. */
  readonly value: string
}

/** Keeps the list of each user's sessions, with the option `users`. */
export interface SessionListing<S> {
  /** Whose a session is; undefined: no user's. */
  owner(session: S): string | undefined
  /**
   * Called when a new record is stored, before the old one is ended and before a browser gets the id.
   * False: another request has replaced the old one, and nothing was listed.
   * @throws {SessionError} ERR_SESSION_LIMIT, ERR_SESSION_REVOKED: the login is refused.
   */
  created(
    state: ListedState,
    session: S,
    record: ListedRecord,
    old: ListedRecord | undefined,
  ): Promise<boolean>
  /**
   * Called before a session is written over the record that the request read: its browser has the id
   * already.
   * @throws {SessionError} ERR_SESSION_LIMIT
   */
  beforeWrite(state: ListedState, session: S, record: ListedRecord): Awaitable<void>
  /** Called when the read has extended a session that did not change: its list must outlive it. */
  extended(state: ListedState, session: S, record: ListedRecord): Awaitable<void>
}

/** Whether an error says that a login was refused. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof SessionError &&
    (error.code === 'ERR_SESSION_LIMIT' || error.code === 'ERR_SESSION_REVOKED')
  )
}
