import { type MergeSide, merge, type OnConflict, storedSide } from '../record/merge.js'
import type { LoadedRecord } from '../record/records.js'
import { Session } from './session.js'

/**
 * Merges into a session what another request made of the record that the session began with.
 * False: that is not a session.
 * @throws {SessionError} ERR_SESSION_CONFLICT with `onConflict: 'throw'`.
 */
export function rebase(
  session: Session,
  base: LoadedRecord,
  theirs: LoadedRecord,
  onConflict: OnConflict,
): boolean {
  if (!theirs.isWritable) return false
  const [before, after] = [storedSide(base.fields), storedSide(theirs.fields)]
  Session.apply(session, merge(before, after, Session.side(session), onConflict))
  return true
}

/** Makes in a session the changes that lead from one side to another. */
export function transfer(before: MergeSide, after: MergeSide, session: Session): void {
  Session.apply(session, merge(before, after, Session.side(session), 'theirs'))
}
