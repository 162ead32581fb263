import type { RecordEnvelope } from '../record/envelope.js'
import { BINDING_KEY } from '../session/device-binding.js'
import type { Lifetime } from '../session/lifetime.js'
import { Session } from '../session/session.js'
import type { StoredRecord } from '../stores/contract.js'
import { handleOf } from './handle.js'
import { isListKey } from './list-table.js'
import type { ListedRecords, Lists } from './lists.js'

/** A session that a scan of the store found. Times in epoch ms. */
export interface ScannedSession {
  /** The handle that the session has in the list, once it is listed. */
  handle: string
  /** When it began; undefined: its record does not say. */
  createdAt: number | undefined
  seenAt: number
  expiresAt: number
  /** `koa-sess/device-bound` has bound it to a device. */
  bound: boolean
}

/** Reads and ends the sessions of records. */
export interface ScannedRecords extends Pick<ListedRecords, 'end'> {
  /** undefined: it has ended, or is another user's. */
  read(
    user: string,
    entry: { key: string },
    raw: string,
  ): { record: { createdAt: number | undefined }; session: Session } | undefined
}

export interface ScannedSessionsOptions {
  table: Lists
  entries: ScannedRecords
  envelope: RecordEnvelope
  lifetime: Lifetime<Session>
}

/**
 * The sessions of one user as `scan` of the store finds them: those too that were stored before the
 * option `users`, or whose list was lost.
 */
export class ScannedSessions {
  readonly #options: ScannedSessionsOptions
  readonly #user: string

  constructor(options: ScannedSessionsOptions, user: string) {
    this.#options = options
    this.#user = user
  }

  /** The session of a record; undefined: it has ended, is another user's, or cannot be used any more. */
  read({ key, value, expiresAt }: StoredRecord): ScannedSession | undefined {
    const { entries, lifetime, table, envelope } = this.#options
    const [first] = this.#keysOf(key)
    if (first === undefined || expiresAt <= lifetime.now()) return undefined
    const found = entries.read(this.#user, { key: key.slice(envelope.prefix.length) }, value)
    if (!found) return undefined
    const left = lifetime.left(found.session)
    return {
      handle: handleOf(table.key(this.#user), first),
      createdAt: found.record.createdAt,
      seenAt: Math.min(lifetime.now(), expiresAt - left),
      expiresAt,
      bound: Session.value(found.session, BINDING_KEY) !== undefined,
    }
  }

  /** Ends the session of a record, in whatever state it is by now. False: it had ended. */
  async end({ key }: StoredRecord): Promise<boolean> {
    let isEnded = false
    // The session may have moved since the scan: the key to which it moves comes first.
    for (const each of this.#keysOf(key)) {
      const entry = { key: each, createdAt: 0, seenAt: 0 }
      isEnded = (await this.#options.entries.end(this.#user, entry)) || isEnded
    }
    return isEnded
  }

  /** Without the prefix. */
  #keysOf(key: string): string[] {
    const { envelope } = this.#options
    if (isListKey(envelope.prefix, key)) return []
    return envelope.keysOfRecord(key).map((each) => each.slice(envelope.prefix.length))
  }
}
