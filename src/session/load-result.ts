import type { LoadedRecord } from '../record/loaded-record.js'
import type { SessionError } from '../util/errors.js'
import type { Rejection } from '../util/events.js'

/** What a request's id led to. */
export type LoadResult =
  /** No id, an unknown id, or a record that is not valid: a new session may begin. */
  | { kind: 'absent'; why?: Rejection }
  /** The id ended moments ago, or could not be read: nothing is written, and no cookie is sent. */
  | { kind: 'blocked'; why?: Rejection; failure?: SessionError }
  | { kind: 'found'; record: LoadedRecord; extension?: Extension | undefined }

/** How the deadline was moved by the call that read the record. */
export interface Extension {
  /** By how many ms. */
  ms: number
  /** The tick of the records at that moment. */
  tick: number
}

export const ABSENT: LoadResult = { kind: 'absent' }
