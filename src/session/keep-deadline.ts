import type { LoadedRecord } from '../record/records.js'
import type { RollingRead } from './rolling-reads.js'
import type { Session } from './session.js'
import type { SessionSettings } from './settings.js'

/** The deadline that a record had before a read moved it, in epoch ms, as far as that is known. */
export function deadlineBefore(
  { rollingReads, lifetime }: SessionSettings,
  session: Session,
  read: RollingRead,
): number {
  const before = rollingReads.undo(read)
  const latest = lifetime.deadline(session)
  return Math.min(before ?? latest, latest)
}

/** Puts a deadline back. Returns false: nothing was stored. */
export async function putBack(
  { records }: SessionSettings,
  record: LoadedRecord,
  expiresAt: number,
): Promise<false> {
  await records.setDeadline(record, expiresAt)
  return false
}
