import { StoreFailure } from '../record/store-guard.js'
import { type Awaitable, andThen, isPromise } from '../util/async.js'
import type { Rejection } from '../util/events.js'
import { Session } from './session.js'
import type { SessionState } from './state.js'
import { ABSENT, type LoadResult, type Presented } from './transport.js'

/** Reads the session that the request presented, and says why there is none where there is none. */
export function openSession(state: SessionState): Awaitable<void> {
  return andThen(load(state), (result) => {
    state.markLoaded(result)
    if (result.kind !== 'found') return emitRejection(state, result.why)
    return andThen(state.settings.validates ? validate(state) : undefined, () => {
      markIfStale(state)
    })
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

function load(state: SessionState): Awaitable<LoadResult> {
  const block = async (failure: unknown): Promise<LoadResult> => {
    const { error } = await handleStoreFailure(state, failure)
    return { kind: 'blocked', failure: error }
  }
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
  if (!settings.records.isCurrent(found)) state.touch()
  // A handler set the session before it was read: this user's cookie stays what it was.
  if (state.record && state.current) Session.inherit(state.current, found.content?.cookie)
  if (!settings.lifetime.renews) return
  const { content } = found
  if (content && settings.lifetime.isRenewable(state.make(content), content.until)) state.touch()
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
