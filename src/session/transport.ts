import type { LoadedRecord } from '../record/records.js'
import type { StoreFailure } from '../record/store-guard.js'
import type { Awaitable } from '../util/async.js'
import type { SessionError } from '../util/errors.js'
import type { EventDetails, Rejection, SessionEvent } from '../util/events.js'
import type { RollingRead } from './rolling-reads.js'
import type { Session } from './session.js'

/** The id that a request came with. */
export interface Presented {
  id: string
  /** It is to be sent again: its signature is of an older key, or it came under an older name. */
  stale: boolean
  /** Where the record itself travels with the request. */
  record?: LoadedRecord | undefined
}

/** What a request's id led to. */
export type LoadResult =
  /** No id, an unknown id, or a record that is not valid: a new session may begin. */
  | { kind: 'absent'; why?: Rejection }
  /**
   * The id ended moments ago, or could not be read: nothing is written, and no cookie is sent.
   * `mayRestart`: it had ended before this request began, so that a regenerate begins a new session.
   */
  | { kind: 'blocked'; why?: Rejection; failure?: SessionError; mayRestart?: boolean }
  | { kind: 'found'; record: LoadedRecord; extension?: Extension | undefined }

/** How the deadline was moved by the call that read the record. */
export interface Extension {
  /** By how many ms. */
  ms: number
  read: RollingRead
  /** The tick of the records at that moment; undefined: a new deadline is not enough. */
  tick: number | undefined
}

export const ABSENT: LoadResult = { kind: 'absent' }

/** How the id of a session travels. */
export interface SessionTransport {
  /** The verified id of this request. */
  presented(): Awaitable<Presented | undefined>
  /** The other verified ids of this request: cookies of one name that differ in domain or path. */
  others(id: string): readonly Presented[]
  /** Throws, while nothing is written yet, when the cookie of this session could not be sent. */
  assertSendable(session: Session): void
  /** Whether a new id can still reach the client: not once the headers are sent. */
  readonly canSendId: boolean
  /** A new session was not stored, as its id cannot reach the client. */
  withhold(): void
  /** Shared caches may store the answer, so that it must not extend the session in the browser. */
  readonly isShared: boolean
  send(record: LoadedRecord, session: Session): Awaitable<void>
  clear(session: Session): Awaitable<void>
  /** Something was sent, and the answer is still on this side. */
  readonly canTakeBack: boolean
  /** Takes back what was sent. False: the application carries the id, and may have put it elsewhere too. */
  takeBack(): boolean
}

/** What the application decides about sessions, and what it is notified of. */
export interface SessionHooks {
  newId(): Awaitable<string>
  isValid(session: Session): Awaitable<boolean>
  beforeSave(session: Session): Awaitable<void>
  /** What the list of a user's sessions shows of this one. */
  describe(): unknown
  /** Throws, unless the option `errorHandler` returns. */
  handleStoreFailure(failure: StoreFailure): Awaitable<void>
  emit(event: SessionEvent, details?: EventDetails): void
}

/** What a session needs of the request around it. */
export type SessionRequest = SessionTransport & SessionHooks
