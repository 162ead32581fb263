import type { Holder } from '../record/held-sessions.js'
import type { LoadedRecord } from '../record/records.js'
import { Connection } from './connection.js'
import { type SessionEndKind, SessionEndReason } from './end-reason.js'

/** What a held session needs of the place that holds it. */
export interface HeldOwner {
  /** No connection holds it any more. */
  release(session: HeldSession): void
  /** It has to be looked at now. */
  check(session: HeldSession): void
}

/** One use of a session, which writes it over a record. */
export interface SessionWrite {
  /** The record that was found or written; undefined: the session has ended. */
  readonly found: LoadedRecord | undefined
  /** Extends the session. False: it has ended. */
  save(): Promise<boolean>
}

/** How a connection begins to write its session. */
export type Writer = (record: LoadedRecord) => SessionWrite

/** A session that one or more connections of this process hold. */
export class HeldSession implements Holder {
  readonly #owner: HeldOwner
  readonly #connections = new Set<Connection>()
  readonly #writers = new Map<Connection, Writer>()
  #record: LoadedRecord
  #seenAt: number
  /** Since when a check of it has no answer, in ms of the clock of the checks. */
  unansweredSince: number | undefined

  /** `seenAt`: when the record was read, in ms of the clock of the checks. */
  constructor(
    owner: HeldOwner,
    readonly key: string,
    record: LoadedRecord,
    seenAt: number,
  ) {
    this.#owner = owner
    this.#record = record
    this.#seenAt = seenAt
  }

  get size(): number {
    return this.#connections.size
  }

  /** The record as it was seen last. */
  get record(): LoadedRecord {
    return this.#record
  }

  get seenAt(): number {
    return this.#seenAt
  }

  /** How its checks extend it; undefined: no connection asks for that. */
  get writer(): Writer | undefined {
    const [writer] = this.#writers.values()
    return writer
  }

  /** `writer`: the checks extend the session as long as this connection holds it. */
  connect(writer?: Writer): Connection {
    const connection = new Connection((closed) => this.#disconnect(closed))
    this.#connections.add(connection)
    if (writer) this.#writers.set(connection, writer)
    return connection
  }

  #disconnect(connection: Connection): void {
    this.#writers.delete(connection)
    if (this.#connections.delete(connection) && this.size === 0) this.#owner.release(this)
  }

  /** The store held this record at a time. An answer that came late changes nothing. */
  see(record: LoadedRecord, at: number): void {
    if (at < this.#seenAt) return
    this.#seenAt = at
    // A record that did not change has been parsed already.
    if (record.raw !== this.#record.raw) this.#record = record
  }

  check(): void {
    this.#owner.check(this)
  }

  end(kind: SessionEndKind): void {
    const connections = [...this.#connections]
    this.#connections.clear()
    this.#writers.clear()
    this.#owner.release(this)
    const reason = new SessionEndReason(kind)
    for (const connection of connections) connection.end(reason)
  }

  /** Its connections stay open, and are not aborted any more. */
  abandon(): void {
    this.#connections.clear()
    this.#writers.clear()
    this.#owner.release(this)
  }
}
