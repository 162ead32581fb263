import {
  type FieldChange,
  type FieldLookup,
  type Fields,
  isSameJson,
  parseField,
} from '../record/fields.js'
import type { RecordEnd, RecordFormat } from '../record/format.js'
import { fromTheirSide, merge, type OnConflict } from '../record/merge.js'
import type { Change, Draft, LoadedRecord, RecordWrite } from '../record/records.js'
import { type SplitText, splitSimilar } from '../record/similar-fields.js'
import type { Awaitable } from '../util/async.js'
import type { Lifetime } from './lifetime.js'
import { Session } from './session.js'
import type { SessionRequest } from './transport.js'

/** The state of a request, as far as its changes need it. */
interface ChangingState {
  readonly settings: { lifetime: Lifetime<Session>; onConflict: OnConflict }
  readonly request: Pick<SessionRequest, 'emit'>
  readonly recordEnd: RecordEnd
  makeOfFields(fields: Fields): Session
  valueToWrite(session: Session, expiresAt: number, encoded?: string): string
  markStored(record: LoadedRecord, session: Session): Awaitable<void>
}

/** What a request made of its session, as a change of the record that it read. */
export class SessionChange implements Change {
  /** The change was made over what other requests had written. */
  isMerged = false
  /** The record, as it would be written for this change alone. */
  written: string | undefined
  readonly base: LoadedRecord
  readonly #state: ChangingState
  readonly #session: Session
  readonly #encoded: string | undefined
  #fields: FieldLookup | undefined

  /** `encoded`: the session as it was encoded just now. */
  constructor(state: ChangingState, base: LoadedRecord, session: Session, encoded?: string) {
    this.#state = state
    this.base = base
    this.#session = session
    this.#encoded = encoded
  }

  /** The session as it was when the change was made. */
  get fields(): FieldLookup {
    return this.#fields ?? this.#fieldsBeside(this.base.fields)
  }

  /** `base`: the fields of the record that the request read. */
  #fieldsBeside(base: Fields): FieldLookup {
    this.#fields ??= this.#split(base)
    return this.#fields
  }

  #split(fields: Fields): FieldLookup {
    const { format, value } = this.base
    const encoded = this.#encoded
    return encoded === undefined
      ? Session.fields(this.#session)
      : fieldsBeside({ value, fields }, this.#session, encoded, format)
  }

  apply(draft: Draft): boolean {
    const state = this.#state
    if (isAsRead(draft, this.base)) {
      const write = writeOf(state, this.#session)
      if (!write) return false
      this.written = state.valueToWrite(this.#session, write.expiresAt, this.#encoded)
      draft.replace(this.written, write)
      return true
    }
    if (draft.isUntouched && !draft.record.isWritable) return false
    const base = draft.fieldsOf(this.base)
    const onConflict = fromTheirSide(state.settings.onConflict)
    const changes = merge(base, this.#fieldsBeside(base), draft.fields, onConflict)
    const write = writeOf(state, this.#sessionOver(draft, base, changes))
    if (!write) return false
    draft.edit(changes, write)
    this.written = undefined
    this.isMerged = true
    return true
  }

  /** The session whose lifetime counts: this one, unless others changed what that depends on. */
  #sessionOver(draft: Draft, base: Fields, changes: readonly FieldChange[]): Session {
    const state = this.#state
    const isSameCookie = isSameJson(draft.fields.get('cookie'), base.get('cookie'))
    if (isSameCookie && !state.settings.lifetime.dependsOnData) return this.#session
    return state.makeOfFields(changed(draft.fields, changes))
  }
}

/**
 * The fields of a session that was encoded just now. Those that it shares with a known text are not
 * split again.
 */
export function fieldsBeside(
  known: SplitText,
  session: Session,
  encoded: string,
  format: RecordFormat,
): FieldLookup {
  // With the default cookie, a record is nothing but the fields of its session.
  return format.hasDefaultCookie(encoded) ? splitSimilar(encoded, known) : Session.fields(session)
}

/** A change that was written. */
interface WrittenChange {
  readonly isMerged: boolean
  readonly written: string | undefined
  /** The session as it was when the change was made. */
  readonly fields: FieldLookup
}

/** The store holds the change of this request, and what others changed at the same time. */
export function markWritten(
  state: ChangingState,
  record: LoadedRecord,
  session: Session,
  change: WrittenChange,
): Awaitable<void> {
  // Without this, the next write of this request would delete what others wrote at the same time.
  if (record.value !== change.written) adoptStored(session, change.fields, record)
  if (change.isMerged) state.request.emit('conflict', { id: record.id })
  return state.markStored(record, session)
}

/** Takes over what others stored. `snapshot`: the session as it was when its change was made. */
function adoptStored(session: Session, snapshot: FieldLookup, record: LoadedRecord): void {
  const { fields } = record
  for (const key of record.keysBeside(snapshot))
    Session.adopt(session, key, snapshot.get(key), fields.get(key))
  // Another request may have noted an earlier beginning.
  Session.inheritAge(session, parseField(fields.get('cookie')))
}

/** Whether a draft is still what a request read. */
export function isAsRead({ isUntouched, record }: Draft, base: LoadedRecord): boolean {
  return isUntouched && record.value === base.value
}

/** When a session ends that is written now. undefined: it has reached its absolute timeout already. */
export function writeOf(
  { settings, recordEnd }: ChangingState,
  session: Session,
): RecordWrite | undefined {
  const { lifetime } = settings
  if (lifetime.isPast(session)) return undefined
  const expiresAt = lifetime.deadline(session)
  return { expiresAt, end: lifetime.endToWrite(session, expiresAt, recordEnd) }
}

/** The fields with some changes. */
export function changed(fields: Fields, changes: readonly FieldChange[]): Fields {
  const next = new Map(fields)
  for (const { key, text } of changes) {
    if (text === undefined) next.delete(key)
    else next.set(key, text)
  }
  return next
}
