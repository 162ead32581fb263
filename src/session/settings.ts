import type { RecordFormat } from '../record/format.js'
import type { OnConflict } from '../record/merge.js'
import type { SessionRecords } from '../record/records.js'
import type { Lifetime } from './lifetime.js'

/** What the sessions of all requests share. */
export interface SessionSettings {
  records: SessionRecords
  format: RecordFormat
  lifetime: Lifetime
  /** Stores new sessions that hold nothing. */
  allowEmpty: boolean
  onConflict: OnConflict
  /** The application has a hook `valid`. */
  validates: boolean
  /** The application has a hook `beforeSave`. */
  preparesSave: boolean
}
