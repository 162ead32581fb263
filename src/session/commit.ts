import { isEmptyRecord } from '../record/format.js'
import type { LoadedRecord, SessionRecords } from '../record/records.js'
import { StoreFailure } from '../record/store-guard.js'
import { type Awaitable, andThen } from '../util/async.js'
import { markWritten, SessionChange } from './change.js'
import { assertId } from './id.js'
import { type Action, planCommit } from './plan.js'
import type { Session } from './session.js'
import type { SessionState } from './state.js'

/** Writes what a request made of its session, and only then sends the cookie. */
export function commit(state: SessionState): Awaitable<void> {
  const planned = plan(state)
  if (planned.action === 'none') return
  const { current, settings, request } = state
  if (!settings.preparesSave || !current || planned.action === 'destroy')
    return carryOut(state, planned)
  return andThen(request.beforeSave(current), () => carryOut(state, plan(state)))
}

interface Plan {
  action: Action
  /** The session as it was encoded for the decision. */
  value: string
}

function plan(state: SessionState): Plan {
  const { session, record, found, settings } = state
  let value = ''
  try {
    if (session) value = state.encode(session)
  } catch (error) {
    // A record that cannot be written even as it was read is left alone.
    if (record?.content && !record.isWritable) return { action: 'none', value }
    throw error
  }
  const action = planCommit({
    save: state.saving,
    blocked: state.loaded?.kind === 'blocked',
    found: found !== undefined,
    moved: state.isMoved,
    ended: session === null,
    empty: isEmptyRecord(value),
    allowEmpty: settings.allowEmpty,
    changed: record !== undefined && session !== null && !state.isUnchanged(session, value),
    extend: state.isDue,
  })
  return { action, value }
}

function carryOut(state: SessionState, { action, value }: Plan): Awaitable<void> {
  const { found, current, request } = state
  if (action === 'destroy' && found) return destroy(state, found)
  if (!current || action === 'none') return
  request.assertSendable(current)
  if (!found || action === 'regenerate') return create(state, current, value, found)
  if (action !== 'touch') return replace(state, found, current, value)
  const done = touch(state, found, current, value)
  return andThen(done, () => {
    if (state.found) request.emit('renew', { id: state.found.id })
  })
}

function touch(
  state: SessionState,
  found: LoadedRecord,
  session: Session,
  value: string,
): Awaitable<void> {
  if (!isExtended(state, session)) return replace(state, found, session, value)
  const listed = state.settings.listing?.extended(state, session, found)
  // Another request may have ended the session meanwhile: only a write shows that.
  return listed
    ? listed.then(() => replace(state, found, session, value))
    : state.markStored(found, session)
}

/** The new record first, then the end of the old one. Had that ended already, the new one is taken back. */
async function create(
  state: SessionState,
  session: Session,
  value: string,
  old: LoadedRecord | undefined,
): Promise<void> {
  const { records, lifetime } = state.settings
  const expiresAt = lifetime.deadline(session)
  const record = await records.create(
    () => nextId(state),
    state.valueToWrite(session, expiresAt, value),
    expiresAt,
  )
  if (state.settings.listing) await enlist(state, session, record, old)
  if (old && !(await endOld(records, old, record))) return state.markGone()
  await state.markStored(record, session)
  if (old) state.request.emit('regenerate', { id: record.id, before: old.id })
  else state.request.emit('create', { id: record.id })
}

/** Lists the new record under its user. A login that is refused leaves no record. */
async function enlist(
  state: SessionState,
  session: Session,
  record: LoadedRecord,
  old: LoadedRecord | undefined,
): Promise<void> {
  const { listing, records } = state.settings
  try {
    await listing?.created(state, session, record, old)
  } catch (error) {
    await records.rollback(record)
    throw error
  }
}

/** Ends the session that another one replaces. False: another request had ended it. */
async function endOld(
  records: SessionRecords,
  old: LoadedRecord,
  record: LoadedRecord,
): Promise<boolean> {
  try {
    const ended = await records.revoke(old)
    if (!ended) await records.rollback(record)
    return ended
  } catch (failure) {
    // Where the old session may have ended, the new one is the only one that is left.
    if (!(failure instanceof StoreFailure) || !failure.isUncertain) await records.rollback(record)
    throw failure
  }
}

function replace(
  state: SessionState,
  record: LoadedRecord,
  session: Session,
  value: string,
): Awaitable<void> {
  const { listing } = state.settings
  if (!listing) return write(state, record, session, value)
  return andThen(listing.beforeWrite(state, session, record), () =>
    write(state, record, session, value),
  )
}

function write(
  state: SessionState,
  record: LoadedRecord,
  session: Session,
  value: string,
): Awaitable<void> {
  const { records, listing } = state.settings
  const change = new SessionChange(state, record, session, value)
  return andThen(records.change(change), (result) => {
    if (result.kind === 'gone') return state.markGone()
    const done = markWritten(state, result.record, session, change)
    // Two requests together may have made it the session of another user.
    if (!listing || !change.isMerged) return done
    return andThen(done, () => listing.beforeWrite(state, session, result.record))
  })
}

async function destroy(state: SessionState, record: LoadedRecord): Promise<void> {
  const session = state.previous ?? state.open()
  if (!(await state.settings.records.revoke(record))) return state.markGone()
  await state.markEnded(session)
  state.request.emit('destroy', { id: record.id })
}

/** Whether the read has extended the record enough, and no other request can have come between. */
function isExtended(state: SessionState, session: Session): boolean {
  const { loaded, settings } = state
  if (loaded?.kind !== 'found' || !loaded.extension) return false
  if (settings.lifetime.keepsDeadline(state.recordEnd)) return false
  if (loaded.extension.tick !== settings.records.tick()) return false
  if (loaded.extension.ms !== settings.lifetime.left(session)) return false
  // A session that gets its beginning only now has to be written.
  const { absoluteTimeout } = settings.lifetime
  return absoluteTimeout === undefined || state.isUnchanged(session, state.encode(session))
}

async function nextId(state: SessionState): Promise<string> {
  const id = await state.takeId()
  assertId(id)
  return id
}
