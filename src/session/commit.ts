import { isEmptyRecord } from '../record/format.js'
import type { LoadedRecord, SessionRecords } from '../record/records.js'
import { StoreFailure } from '../record/store-guard.js'
import { type Awaitable, andThen } from '../util/async.js'
import { markWritten, SessionChange } from './change.js'
import { assertId } from './id.js'
import { keepBinding } from './keep-binding.js'
import type { SessionListing } from './listing.js'
import { type Action, planCommit } from './plan.js'
import type { Session } from './session.js'
import type { SessionState } from './state.js'
import { ABSENT } from './transport.js'

/** What a commit follows: the end of the request, an explicit save (or destroy), or an update. */
export type Cause = 'end' | 'save' | 'update'

/**
 * Writes what a request made of its session, and only then sends the cookie.
 * @returns whether the store holds the session now.
 */
export function commit(state: SessionState, cause: Cause = 'end'): Awaitable<boolean> {
  const planned = plan(state, cause)
  if (planned.action === 'none') return false
  const { current, settings, request } = state
  if (!settings.preparesSave || !current || planned.action === 'destroy')
    return carryOut(state, planned)
  return andThen(request.beforeSave(current), () => carryOut(state, plan(state, cause)))
}

/** `commit` for each cause, as what follows a read. */
export const COMMITS = {
  end: (_: unknown, state: SessionState) => commit(state, 'end'),
  save: (_: unknown, state: SessionState) => commit(state, 'save'),
  update: (_: unknown, state: SessionState) => commit(state, 'update'),
}

interface Plan {
  action: Action
  /** The session as it was encoded for the decision. */
  value: string
}

function plan(state: SessionState, cause: Cause): Plan {
  const { session, record, found, settings } = state
  let value = ''
  try {
    if (session) {
      keepBinding(state, session)
      value = state.encode(session)
    }
  } catch (error) {
    // A record that cannot be written even as it was read is left alone.
    if (record?.content && !record.isWritable) return { action: 'none', value }
    throw error
  }
  if (cause === 'end' && session && state.isRefused(session)) return { action: 'none', value }
  const action = planCommit({
    save: cause === 'end' ? state.saving : state.saving || undefined,
    asked: cause === 'save',
    blocked: state.loaded?.kind === 'blocked',
    found: found !== undefined,
    moved: state.isMoved,
    ended: session === null,
    empty: isEmptyRecord(value),
    allowEmpty: settings.allowEmpty,
    changed: !!session && !state.isUnchanged(session, value),
    extend: state.isDue,
  })
  return { action, value }
}

function carryOut(state: SessionState, planned: Plan): Awaitable<boolean> {
  const { found, current, request } = state
  const { action } = planned
  if (action === 'destroy' && found) return andThen(destroy(state, found), () => false)
  if (!current || action === 'none') return false
  request.assertSendable(current)
  return andThen(write(state, current, planned), () => {
    if (action === 'touch' && state.found && found) request.emit('renew', { id: found.id })
    return state.found !== undefined
  })
}

function write(state: SessionState, session: Session, { action, value }: Plan): Awaitable<void> {
  const { found } = state
  if (!found || action === 'regenerate') return create(state, session, value, found)
  return action === 'touch'
    ? touch(state, found, session, value)
    : replace(state, found, session, value)
}

function touch(
  state: SessionState,
  found: LoadedRecord,
  session: Session,
  value: string,
): Awaitable<void> {
  if (!isExtended(state, session)) return replace(state, found, session, value)
  if (state.settings.lifetime.isPast(session)) return state.markGone()
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
  const { records, lifetime, listing } = state.settings
  if (!state.request.canSendId) return withhold(state, old)
  if (old && lifetime.isPast(session)) return state.markGone()
  const expiresAt = lifetime.deadline(session)
  const record = await records.create(
    () => nextId(state),
    state.valueToWrite(session, expiresAt, value),
    expiresAt,
  )
  if (listing && !(await enlist(listing, state, session, record, old))) return state.markGone()
  if (old && !(await endOld(records, old, record))) return state.markGone()
  if (!state.request.canSendId) return takeBack(state, record, old)
  await state.markStored(record, session)
  if (old) state.request.emit('regenerate', { id: record.id, before: old.id })
  else state.request.emit('create', { id: record.id })
}

/** A record whose id cannot reach the client would only take room. The old session ends all the same. */
async function withhold(state: SessionState, old: LoadedRecord | undefined): Promise<void> {
  state.request.withhold()
  if (old) await destroy(state, old)
}

/** The headers were sent while the store wrote the record. */
async function takeBack(
  state: SessionState,
  record: LoadedRecord,
  old: LoadedRecord | undefined,
): Promise<void> {
  await state.settings.records.rollback(record)
  state.markLoaded(ABSENT)
  state.request.withhold()
  if (old) state.request.emit('destroy', { id: old.id })
}

/** Lists the new record under its user. A login that is refused, or too late (false), leaves no record. */
async function enlist(
  listing: SessionListing<Session>,
  state: SessionState,
  session: Session,
  record: LoadedRecord,
  old: LoadedRecord | undefined,
): Promise<boolean> {
  const { records } = state.settings
  try {
    const isListed = await listing.created(state, session, record, old)
    if (!isListed) await records.rollback(record)
    return isListed
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
    const ended = await records.revoke(old, 'moved')
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
  if (!listing) return writeChange(state, record, session, value)
  return andThen(listing.beforeWrite(state, session, record), () =>
    writeChange(state, record, session, value),
  )
}

function writeChange(
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
  const hasEnded = await state.settings.records.revoke(record)
  await endOthers(state, record)
  if (!hasEnded) return state.markGone()
  await state.markEnded(session)
  state.request.emit('destroy', { id: record.id })
}

/** A logout ends every session whose cookie the browser sent: otherwise the next request finds another one. */
async function endOthers({ request, settings }: SessionState, record: LoadedRecord): Promise<void> {
  for (const { id } of request.others(record.id)) {
    const found = await settings.records.find(id)
    if (found.kind !== 'record') continue
    if (await settings.records.revoke(found.record)) request.emit('destroy', { id })
  }
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
  const id = await state.reservedId.take()
  assertId(id)
  return id
}
