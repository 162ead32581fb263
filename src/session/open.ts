import { StoreFailure } from '../record/store-guard.js'
import { type Awaitable, andThen, isPromise } from '../util/async.js'
import type { Rejection } from '../util/events.js'
import { Session } from './session.js'
import type { SessionState } from './state.js'
import { ABSENT, type LoadResult, type Presented } from './transport.js'

/** Reads the session that the request presented, and says why there is none where there is none. */
export function openSession(state: SessionState): Awaitable<void> {
  return andThen(load(state), (result) =>
    result.kind === 'found'
      ? accept(state, result)
      : andThen(lookFurther(state, result), (other) => accept(state, other)),
  )
}

function accept(state: SessionState, result: LoadResult): Awaitable<void> {
  state.markLoaded(result)
  if (result.kind !== 'found') return emitRejection(state, result.why)
  return andThen(state.settings.validates ? validate(state) : undefined, () => {
    markIfStale(state)
  })
}

/** Rethrows, unless it is a store failure and the option `errorHandler` returns. */
export async function handleStoreFailure(
  state: SessionState,
  failure: unknown,
): Promise<StoreFailure> {
  if (!(failure instanceof StoreFailure)) throw failure
  await state.request.handleStoreFailure(failure)
  return failure
}

async function blockAfter(state: SessionState, failure: unknown): Promise<LoadResult> {
  const { error } = await handleStoreFailure(state, failure)
  return { kind: 'blocked', failure: error }
}

function load(state: SessionState): Awaitable<LoadResult> {
  const block = (failure: unknown) => blockAfter(state, failure)
  try {
    const result = andThen(state.request.presented(), (presented) => {
      if (!presented) return ABSENT
      state.markPresented(presented)
      return lookUp(state, presented)
    })
    return isPromise(result) ? result.catch(block) : result
  } catch (failure) {
    return block(failure)
  }
}

/** Where the presented id leads to no session, those of other cookies of the name are looked up. */
function lookFurther(state: SessionState, first: LoadResult): Awaitable<LoadResult> {
  const { presentedId } = state
  if (first.kind === 'found' || !first.why || presentedId === undefined) return first
  const others = state.request.others(presentedId)
  if (others.length === 0) return first
  return lookAmong(state, others, first).catch((failure) => blockAfter(state, failure))
}

/** An id that ended moments ago blocks the request, unless another one leads to a session. */
async function lookAmong(
  state: SessionState,
  others: readonly Presented[],
  first: LoadResult,
): Promise<LoadResult> {
  let result = first
  for (const other of others) {
    const next = await lookUp(state, other)
    if (next.kind === 'blocked') result = next
    if (next.kind !== 'found') continue
    state.markPresented(other)
    return next
  }
  return result
}

/** One store call, which also extends the record where that can be known before it is read. */
function lookUp(state: SessionState, { id, record }: Presented): Awaitable<LoadResult> {
  if (record) return { kind: 'found', record }
  const { records, lifetime, rollingReads } = state.settings
  const ms = state.saving === false ? undefined : rollingReads.ms
  const touch = ms === undefined ? undefined : lifetime.now() + ms
  const read = touch === undefined ? undefined : rollingReads.begin(id, touch)
  return andThen(records.find(id, touch), (found): Awaitable<LoadResult> => {
    if (found.kind === 'missing') return { kind: 'absent', why: 'unknown' }
    if (found.kind === 'unreadable') return { kind: 'absent', why: 'decrypt' }
    if (found.kind === 'tombstone')
      return { kind: 'blocked', why: 'superseded', mayRestart: state.hadEnded(found.end) }
    if (lifetime.isOver(found.record)) {
      // A rolling read has just extended it.
      return records.rollback(found.record).then(() => ({ kind: 'absent', why: 'expired' }))
    }
    const { record } = found
    // A record that has to move, or to be encrypted, is written: a new deadline is not enough.
    if (ms === undefined || !read) return { kind: 'found', record }
    const extension = { ms, read, tick: records.isCurrent(record) ? records.tick() : undefined }
    return { kind: 'found', record, extension }
  })
}

function emitRejection(
  { request, presentedId: id }: SessionState,
  why: Rejection | undefined,
): void {
  if (why === 'expired') request.emit('expire', { id })
  if (why) request.emit('reject', { id, why })
}

/** Marks what was found when it is due to be written again. */
function markIfStale(state: SessionState): void {
  const { found, settings } = state
  if (!found) return
  if (!settings.records.isCurrent(found)) state.markDue()
  // A handler set the session before it was read: this user's cookie stays what it was.
  if (state.record && state.current) Session.inherit(state.current, found.content?.cookie)
  if (!settings.lifetime.renews) return
  const { content } = found
  if (content && settings.lifetime.isRenewable(state.make(content), content.until)) state.markDue()
}

async function validate(state: SessionState): Promise<void> {
  const session = state.open()
  if (await state.request.isValid(session)) {
    // A handler may have set the session meanwhile, or ended it.
    if (state.current === undefined) state.setCurrent(session)
    return
  }
  state.markLoaded(ABSENT)
  emitRejection(state, 'invalid')
}
