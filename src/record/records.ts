import type { Awaitable } from '../util/async.js'
import type { LoadedRecord } from './loaded-record.js'

/** What the lookup of an id found. */
export type LookupResult =
  | { kind: 'missing' }
  | { kind: 'record'; record: LoadedRecord }
  /** A session that ended moments ago. */
  | { kind: 'tombstone' }
  /** A record that no key opens. */
  | { kind: 'unreadable' }

/** What became of a write over a record that was read. */
export type ReplaceResult =
  | { kind: 'written'; record: LoadedRecord }
  /** Another request wrote meanwhile: nothing was written. */
  | { kind: 'conflict'; theirs: LoadedRecord }
  /** The record is not there any more: nothing was written. */
  | { kind: 'gone' }

/** Where the records of sessions are: behind a store, or in the cookie itself. */
export interface SessionRecords {
  /** Looks an id up, in one store call; `touch` moves the deadline (epoch ms) in the same call. */
  find(id: string, touch?: number): Awaitable<LookupResult>
  /**
   * Inserts a record under a new id. A taken id is never overwritten: `newId` is called again.
   * @throws {SessionError} ERR_SESSION_ID when ids keep colliding; ERR_SESSION_SIZE.
   */
  create(newId: () => Promise<string>, value: string, expiresAt: number): Promise<LoadedRecord>
  /**
   * Writes over exactly what was read, once.
   * @throws {SessionError} ERR_SESSION_SIZE
   */
  replace(record: LoadedRecord, value: string, expiresAt: number): Promise<ReplaceResult>
  /** Ends a session in whatever state it is, and blocks its id for a moment. False: it was gone. */
  revoke(record: LoadedRecord): Promise<boolean>
  /** Takes back a record that no browser has a cookie of. Never throws. */
  rollback(record: LoadedRecord): Promise<void>
  /**
   * Writes a record over whatever is stored.
   * @throws {SessionError} ERR_SESSION_CONFLICT, ERR_SESSION_SIZE
   */
  overwrite(id: string, value: string, expiresAt: number): Promise<void>
  /** Whether a record is stored as it would be written today. */
  isCurrent(record: LoadedRecord): boolean
  /**
   * A number that grows with every turn of the event loop and with every session that ends here.
   * Between two equal ticks, no other request of this process can have changed what was read.
   */
  tick(): number
}
