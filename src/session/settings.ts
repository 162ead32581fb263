import type { RecordFormat } from '../record/format.js'
import type { OnConflict } from '../record/merge.js'
import type { SessionRecords } from '../record/records.js'
import type { Lifetime } from './lifetime.js'
import type { RollingReads } from './rolling-reads.js'
import type { Session } from './session.js'

/** What the sessions of all requests share. */
export interface SessionSettings {
  records: SessionRecords
  format: RecordFormat
  lifetime: Lifetime<Session>
  rollingReads: RollingReads
  /** The record is read when the session is first used, and not when the request begins. */
  defer: boolean
  /** Stores new sessions that hold nothing. */
  allowEmpty: boolean
  onConflict: OnConflict
  /** The application has a hook `valid`. */
  validates: boolean
  /** The application has a hook `beforeSave`. */
  preparesSave: boolean
}
