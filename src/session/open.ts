import type { LookupResult } from '../record/records.js'
import { type Awaitable, andThen, andThenWith, isPromise } from '../util/async.js'
import type { Rejection } from '../util/events.js'
import { Session } from './session.js'
import type { SessionState } from './state.js'
import { handleStoreFailure } from './store-failure.js'
import { ABSENT, type LoadResult, type Presented } from './transport.js'

/** Reads the session that the request presented, and says why there is none where there is none. */
export function openSession(state: SessionState): Awaitable<void> {
  return andThenWith(load(state), state, acceptAny)
}

/** Accepts what the first cookie led to, or what another one of its name does. */
function acceptAny(result: LoadResult, state: SessionState): Awaitable<void> {
  if (result.kind === 'found') return accept(result, state)
  return andThenWith(lookFurther(state, result), state, accept)
}

function accept(result: LoadResult, state: SessionState): Awaitable<void> {
  state.markLoaded(result)
  if (result.kind !== 'found') return emitRejection(state, result.why)
  return andThenWith(state.settings.validates ? validate(state) : undefined, state, markIfStale)
}

async function blockAfter(state: SessionState, failure: unknown): Promise<LoadResult> {
  const { error } = await handleStoreFailure(state, failure)
  return { kind: 'blocked', failure: error }
}

function load(state: SessionState): Awaitable<LoadResult> {
  try {
    const result = andThenWith(state.request.presented(), state, loadPresented)
    return isPromise(result) ? orBlock(state, result) : result
  } catch (failure) {
    return blockAfter(state, failure)
  }
}

function orBlock(state: SessionState, result: Promise<LoadResult>): Promise<LoadResult> {
  return result.catch((failure: unknown) => blockAfter(state, failure))
}

function loadPresented(presented: Presented | undefined, state: SessionState) {
  if (!presented) return ABSENT
  state.markPresented(presented)
  return lookUp(state, presented)
}

/** Where the presented id leads to no session, those of other cookies of the name are looked up. */
function lookFurther(state: SessionState, first: LoadResult): Awaitable<LoadResult> {
  const { presentedId } = state
  if (first.kind === 'found' || !first.why || presentedId === undefined) return first
  const others = state.request.others(presentedId)
  if (others.length === 0) return first
  return orBlock(state, lookAmong(state, others, first))
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
  const { records, rollingReads } = state.settings
  const ms = state.saving === false ? undefined : rollingReads.ms
  return ms === undefined
    ? andThenWith(records.find(id), state, resultOf)
    : lookUpAndExtend(state, id, ms)
}

function lookUpAndExtend(state: SessionState, id: string, ms: number): Awaitable<LoadResult> {
  const { records, lifetime, rollingReads } = state.settings
  const touch = lifetime.now() + ms
  const read = rollingReads.begin(id, touch)
  return andThen(records.find(id, touch), (found) =>
    andThen(resultOf(found, state), (result): LoadResult => {
      if (result.kind !== 'found') return result
      const { record } = result
      // A record that has to move, or to be encrypted, is written: a new deadline is not enough.
      const tick = records.isCurrent(record) ? records.tick() : undefined
      return { kind: 'found', record, extension: { ms, read, tick } }
    }),
  )
}

function resultOf(found: LookupResult, state: SessionState): Awaitable<LoadResult> {
  const { records, lifetime } = state.settings
  if (found.kind === 'missing') return { kind: 'absent', why: 'unknown' }
  if (found.kind === 'unreadable') return { kind: 'absent', why: 'decrypt' }
  if (found.kind === 'tombstone')
    return { kind: 'blocked', why: 'superseded', mayRestart: state.hadEnded(found.end) }
  if (!lifetime.isOver(found.record)) return { kind: 'found', record: found.record }
  // A rolling read has just extended it.
  return records.rollback(found.record).then(() => ({ kind: 'absent', why: 'expired' }))
}

function emitRejection(
  { request, presentedId: id }: SessionState,
  why: Rejection | undefined,
): void {
  if (why === 'expired') request.emit('expire', { id })
  if (why) request.emit('reject', { id, why })
}

/** Marks what was found when it is due to be written again. */
function markIfStale(_: unknown, state: SessionState): void {
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
