import type { LoadedRecord, LookupResult } from '../record/records.js'
import type { SessionEndKind } from './end-reason.js'

/** What is known of a session when it is checked. */
export interface Known {
  /** The record as it was seen last. */
  readonly record: LoadedRecord
  /** How long ago it was seen, in ms. */
  readonly unseenFor: number
  /** How long the end of a session shows in the store, in ms. */
  readonly tombstoneTtl: number
  /** Whether a record has passed an end of its own. */
  isOver(record: LoadedRecord): boolean
}

/** What a check found of a session: why it ended; undefined: it goes on. */
export function verdictOf(found: LookupResult, known: Known): SessionEndKind | undefined {
  switch (found.kind) {
    case 'record':
      return verdictOfRecord(found.record, known)
    case 'tombstone':
      return found.end.kind
    case 'unreadable':
      return 'ended'
    case 'missing':
      // An end since then would still show.
      return known.unseenFor < known.tombstoneTtl || known.isOver(known.record)
        ? 'expired'
        : 'ended'
  }
}

function verdictOfRecord(record: LoadedRecord, known: Known): SessionEndKind | undefined {
  if (record.raw === known.record.raw) return known.isOver(known.record) ? 'expired' : undefined
  if (known.isOver(record)) return 'expired'
  // What is stored now is not a session: a request would find none.
  return record.content ? undefined : 'ended'
}
