import { parseField } from '../record/fields.js'
import { merge, type OnConflict } from '../record/merge.js'
import type { LoadedRecord } from '../record/records.js'
import { Session } from './session.js'
import type { LoadResult } from './transport.js'

/** The state of a request, as far as what others wrote is merged into it. */
interface RebasedState {
  readonly settings: { onConflict: OnConflict }
  readonly loaded: LoadResult | undefined
  markLoaded(result: LoadResult): void
  markGone(): void
}

/** Merges into a session what other requests wrote. What its handler changed stays. */
export function rebase(state: RebasedState, session: Session, theirs: LoadedRecord): void {
  const { loaded } = state
  if (loaded?.kind !== 'found' || !theirs.isWritable) {
    state.markGone()
    return
  }
  const mine = Session.fields(session)
  const changes = merge(loaded.record.fields, theirs.fields, mine, state.settings.onConflict)
  for (const { key, text } of changes) Session.edit(session, key, parseField(text))
  state.markLoaded({ ...loaded, record: theirs })
}
