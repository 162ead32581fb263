import { setTimeout as sleep } from 'node:timers/promises'
import { type FieldChange, type FieldLookup, type Fields, joinFields } from '../record/fields.js'
import { parseRecord } from '../record/format.js'
import { fromTheirSide, merge } from '../record/merge.js'
import type { Change, ChangeResult, Draft, LoadedRecord } from '../record/records.js'
import type { SplitText } from '../record/similar-fields.js'
import { type Awaitable, isPromise } from '../util/async.js'
import { headersSent, SessionError, sessionEnded, tooManyConflicts } from '../util/errors.js'
import { MAX_ROUNDS } from '../util/lost-rounds.js'
import { changed, fieldsBeside, isAsRead, markWritten, writeOf } from './change.js'
import { setStoredBinding } from './keep-binding.js'
import { rebase } from './rebase.js'
import { Session } from './session.js'
import type { SessionState } from './state.js'

/** How long the other requests of a session wait for an asynchronous change, in ms. */
const MAX_HOLD = 1000

/** How an update writes, beside whatever else its request writes. */
export interface UpdateWrites {
  /** One write after another. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
  /** Stores a session that is not stored yet. */
  commit(): Awaitable<unknown>
}

type Edit<T> = (draft: Session) => T | Promise<T>

/** A change that was made to a copy of the session, and not to the session yet. */
interface Drafted<T> {
  session: Session
  /** The session as the copy was made of it. */
  before: string
  draft: Session
  result: T
}

/**
 * Reads, changes, and compares and sets, until no other request wrote in between. `edit` gets a
 * copy of the session as the handler left it, so that an error in it changes nothing.
 * @throws {SessionError} ERR_SESSION_ENDED when the session has ended, ERR_SESSION_CONFLICT
 */
export async function update<T>(
  state: SessionState,
  edit: Edit<T>,
  writes: UpdateWrites,
): Promise<T> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const session = usableSession(state)
    const before = state.encode(session)
    const draft = state.make(parseRecord(before))
    const drafted = { session, before, draft, result: await edit(draft) }
    const done = await writes.inTurn(() => write(state, writes, edit, drafted))
    if (done) return done.result
  }
  throw tooManyConflicts()
}

/** undefined: another write came between, so that the change has to be made again. */
async function write<T>(
  state: SessionState,
  writes: UpdateWrites,
  edit: Edit<T>,
  drafted: Drafted<T>,
): Promise<{ result: T } | undefined> {
  const { session, before } = drafted
  // Another write of this same request came first: the change begins with what that left.
  if (usableSession(state) !== session || state.encode(session) !== before) return undefined
  const { record } = state
  if (record) return replace(state, record, edit, drafted)
  await create(state, writes, drafted)
  return drafted
}

async function replace<T>(
  state: SessionState,
  record: LoadedRecord,
  edit: Edit<T>,
  drafted: Drafted<T>,
): Promise<{ result: T } | undefined> {
  const { session } = drafted
  const change = new UpdateChange(state, record, edit, drafted)
  const written = await changeInTime(state, change)
  if (written instanceof HeldTooLong) {
    rebase(state, session, written.stored)
    return undefined
  }
  if (written.kind === 'gone') {
    state.markGone()
    throw sessionEnded()
  }
  transfer(state, change.before, change.draft, session)
  await markWritten(state, written.record, session, change)
  return { result: change.result }
}

async function changeInTime(
  { settings }: SessionState,
  change: Change,
): Promise<ChangeResult | HeldTooLong> {
  try {
    return await settings.records.change(change)
  } catch (error) {
    if (error instanceof HeldTooLong) return error
    throw error
  }
}

/** A session that is not stored yet is created with the change; if that fails, there was no change. */
async function create(
  state: SessionState,
  writes: UpdateWrites,
  { session, before, draft }: Drafted<unknown>,
): Promise<void> {
  const after = state.encode(draft)
  transfer(state, split(state, before), draft, session)
  try {
    const isStored = await writes.commit()
    if (state.loaded?.kind === 'blocked') throw sessionEnded()
    if (!isStored && after !== before && !state.request.canSendId) throw headersSent()
  } catch (error) {
    transfer(state, split(state, after), state.make(parseRecord(before)), session)
    throw error
  }
}

/** An update as a change of the record. It runs again over what other requests wrote. */
class UpdateChange<T> implements Change {
  isMerged = false
  written: string | undefined
  readonly base: LoadedRecord
  readonly #state: SessionState
  readonly #edit: Edit<T>
  readonly #before: string
  #draft: Session
  #baseFields: Fields | undefined
  /** What the draft was made of, where that is what was stored. */
  #begun: SplitText | undefined
  #result: T

  constructor(state: SessionState, base: LoadedRecord, edit: Edit<T>, drafted: Drafted<T>) {
    this.#state = state
    this.base = base
    this.#edit = edit
    this.#before = drafted.before
    this.#draft = drafted.draft
    this.#result = drafted.result
  }

  /** The session with the change. */
  get draft(): Session {
    return this.#draft
  }

  get result(): T {
    return this.#result
  }

  /** The session as the handler left it. */
  get before(): SplitText {
    const value = this.#before
    return value === this.base.value
      ? { value, fields: this.#baseFields ?? this.base.fields }
      : split(this.#state, value)
  }

  get fields(): FieldLookup {
    const { format } = this.base
    return this.#begun
      ? fieldsBeside(this.#begun, this.#draft, this.#state.encode(this.#draft), format)
      : Session.fields(this.#draft)
  }

  async apply(draft: Draft): Promise<boolean> {
    const { request } = this.#state
    if (draft.isUntouched && !draft.record.isWritable) return false
    if (!isAsRead(draft, this.base)) await this.#runAgain(draft)
    await request.beforeSave(this.#draft)
    this.#keepBinding(draft)
    request.assertSendable(this.#draft)
    await this.#state.settings.listing?.beforeWrite(this.#state, this.#draft, this.base)
    const write = writeOf(this.#state, this.#draft)
    if (!write) return false
    if (isAsRead(draft, this.base)) {
      this.written = this.#state.valueToWrite(this.#draft, write.expiresAt)
      draft.replace(this.written, write)
    } else draft.edit(merge(draft.fields, this.fields, draft.fields, 'theirs'), write)
    return true
  }

  #keepBinding(draft: Draft): void {
    if (this.#state.bindingRule === 'free') return
    const { fields } = isAsRead(draft, this.base) ? this.base : draft
    setStoredBinding(this.#draft, fields)
  }

  /** Over what is stored now, with what the handler had changed before. */
  async #runAgain(draft: Draft): Promise<void> {
    this.isMerged = true
    this.written = undefined
    this.#baseFields = draft.fieldsOf(this.base)
    const unsaved = this.#unsaved(draft, this.#baseFields)
    const fields = changed(draft.fields, unsaved)
    const value = joinFields(fields)
    // The draft is compared with what is stored, which lacks the unsaved changes.
    this.#begun = unsaved.length === 0 ? { value, fields } : undefined
    this.#draft = this.#state.make(parseRecord(value))
    const result = this.#edit(this.#draft)
    this.#result = isPromise(result) ? await inTime(result, draft.record) : result
  }

  /** What the handler had changed before the update, as changes of the draft. */
  #unsaved(draft: Draft, base: Fields): FieldChange[] {
    if (this.#before === this.base.value) return []
    const onConflict = fromTheirSide(this.#state.settings.onConflict)
    return merge(base, this.before.fields, draft.fields, onConflict)
  }
}

/** An asynchronous change took longer than others may wait for it: it goes on from `stored`. */
class HeldTooLong {
  constructor(readonly stored: LoadedRecord) {}
}

function inTime<T>(result: Promise<T>, stored: LoadedRecord): Promise<T> {
  const late = sleep(MAX_HOLD, undefined, { ref: false }).then(() => {
    throw new HeldTooLong(stored)
  })
  return Promise.race([result, late])
}

/** A session as it was encoded, and its fields. */
function split(state: SessionState, value: string): SplitText {
  return { value, fields: Session.fields(state.make(parseRecord(value))) }
}

/** Makes in a session the changes that lead from one session to another. */
function transfer(state: SessionState, before: SplitText, after: Session, session: Session): void {
  const fields = (one: Session) =>
    fieldsBeside(before, one, state.encode(one), state.settings.format)
  const changes = merge(before.fields, fields(after), fields(session), 'theirs')
  for (const { key } of changes) Session.edit(session, key, Session.value(after, key))
}

function usableSession({ session, loaded }: SessionState): Session {
  if (loaded?.kind === 'blocked') throw loaded.failure ?? sessionEnded()
  if (session) return session
  throw new SessionError('ERR_SESSION_VALUE', 'The session was ended: there is nothing to update')
}
