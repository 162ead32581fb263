import { parseRecord } from '../record/format.js'
import type { MergeSide } from '../record/merge.js'
import type { LoadedRecord } from '../record/records.js'
import { MAX_ROUNDS } from '../record/repository.js'
import type { Awaitable } from '../util/async.js'
import { SessionError, tooManyConflicts } from '../util/errors.js'
import { transfer } from './rebase.js'
import { Session } from './session.js'
import type { SessionState } from './state.js'

/** A change that was made to a copy of the session, and not to the session yet. */
interface DraftedChange {
  session: Session
  /** The session as the copy was made of it. */
  before: string
  draft: Session
}

/** How an update writes, beside whatever else its request writes. */
export interface UpdateWrites {
  /** One write after another. */
  inTurn(work: () => Promise<boolean>): Promise<boolean>
  /** Stores a session that is not stored yet. */
  commit(): Awaitable<void>
}

/**
 * Reads, changes, and compares and sets, until no other request wrote in between. `change` gets a
 * copy of the session as the handler left it, so that an error in it changes nothing.
 */
export async function update<T>(
  state: SessionState,
  change: (draft: Session) => T | Promise<T>,
  writes: UpdateWrites,
): Promise<T> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const session = usableSession(state)
    const before = state.encode(session)
    const draft = state.make(parseRecord(before))
    const result = await change(draft)
    const done = await writes.inTurn(() => write(state, writes, { session, before, draft }))
    if (done) return result
  }
  throw tooManyConflicts()
}

/** False: another write came between, so that the change has to be made again. */
async function write(
  state: SessionState,
  writes: UpdateWrites,
  drafted: DraftedChange,
): Promise<boolean> {
  const { session, before } = drafted
  // Another write of this same request came first: the change begins with what that left.
  if (usableSession(state) !== session || state.encode(session) !== before) return false
  const { record } = state
  if (record && state.saving !== false) return replace(state, record, drafted)
  return create(state, writes, drafted)
}

async function replace(
  state: SessionState,
  record: LoadedRecord,
  { session, before, draft }: DraftedChange,
): Promise<boolean> {
  await state.request.beforeSave(draft)
  state.request.assertSendable(draft)
  const result = await state.replaceRecord(record, draft)
  if (result.kind === 'conflict' && state.rebase(session, result.theirs)) return false
  transfer(sideOf(state, before), Session.side(draft), session)
  if (result.kind === 'written') await state.markStored(result.record, session)
  else state.markGone()
  return true
}

/** A session that is not stored yet is created with the change; if that fails, there was no change. */
async function create(
  state: SessionState,
  writes: UpdateWrites,
  { session, before, draft }: DraftedChange,
): Promise<true> {
  const [was, changed] = [sideOf(state, before), sideOf(state, state.encode(draft))]
  transfer(was, Session.side(draft), session)
  try {
    if (state.saving !== false) await writes.commit()
  } catch (error) {
    transfer(changed, sideOf(state, before), session)
    throw error
  }
  return true
}

function sideOf(state: SessionState, encoded: string): MergeSide {
  return Session.side(state.make(parseRecord(encoded)))
}

function usableSession({ session, loaded }: SessionState): Session {
  if (loaded?.kind === 'blocked' && loaded.failure) throw loaded.failure
  if (session) return session
  throw new SessionError('ERR_SESSION_VALUE', 'The session was ended: there is nothing to update')
}
