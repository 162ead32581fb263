import type { RecordEnvelope } from './envelope.js'
import type { RecordFormat } from './format.js'
import { LoadedRecord, type LookupResult, type SessionEnd } from './records.js'
import { isBlocking, tombstoneUntil } from './tombstone.js'

export const MISSING: LookupResult = { kind: 'missing' }

export interface ReaderOptions {
  envelope: RecordEnvelope
  format: RecordFormat
  now: () => number
}

/** Says when a session ended, by its tombstone and the deadline in it (epoch ms). */
export interface Endings {
  endOf(id: string, raw: string, until: number): SessionEnd
}

/** Makes records of what is stored, and of what is to be stored. */
export class RecordReader {
  readonly #options: ReaderOptions
  readonly #endings: Endings

  constructor(options: ReaderOptions, endings: Endings) {
    this.#options = options
    this.#endings = endings
  }

  /** What a stored value is. */
  read(id: string, key: string, raw: string): LookupResult {
    const { envelope, format, now } = this.#options
    const until = tombstoneUntil(raw)
    if (until !== undefined)
      return isBlocking(until, now())
        ? { kind: 'tombstone', end: this.#endings.endOf(id, raw, until) }
        : MISSING
    const value = envelope.unwrap(key, raw)
    if (value === undefined) return { kind: 'unreadable' }
    return { kind: 'record', record: new LoadedRecord(format, id, key, raw, value) }
  }

  /**
   * A record that is to be stored.
   * @param key Default: the key of a new record.
   * @throws {SessionError} ERR_SESSION_SIZE
   */
  make(id: string, value: string, key = this.#options.envelope.key(id)): LoadedRecord {
    const { envelope, format } = this.#options
    return new LoadedRecord(format, id, key, envelope.wrap(key, value), value, true)
  }
}
