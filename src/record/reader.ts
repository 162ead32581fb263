import type { RecordEnvelope } from './envelope.js'
import type { RecordFormat } from './format.js'
import { LoadedRecord, type LookupResult } from './records.js'
import { isBlocking, tombstoneUntil } from './tombstone.js'

export const MISSING: LookupResult = { kind: 'missing' }
const TOMBSTONE: LookupResult = { kind: 'tombstone' }

export interface ReaderOptions {
  envelope: RecordEnvelope
  format: RecordFormat
  now: () => number
}

/** Makes records of what is stored, and of what is to be stored. */
export class RecordReader {
  readonly #options: ReaderOptions

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** What a stored value is. */
  read(id: string, key: string, raw: string): LookupResult {
    const { envelope, format, now } = this.#options
    const until = tombstoneUntil(raw)
    if (until !== undefined) return isBlocking(until, now()) ? TOMBSTONE : MISSING
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
