import { StoreFailure } from '../record/store-guard.js'
import { type Awaitable, andThen, isPromise } from '../util/async.js'
import type { Rejection } from '../util/events.js'
import { isRenewable } from './lifetime.js'
import { ABSENT, load, type Origin } from './load.js'
import { Session } from './session.js'
import type { Visit } from './state.js'

/** Reads what the request presented, once, and tells why there is no session where there is none. */
export function arrive(visit: Visit): Awaitable<void> {
  return andThen(read(visit), (origin) => {
    visit.origin = origin
    if (origin.kind !== 'found') return tell(visit, origin.why)
    return andThen(visit.config.valid && validate(visit), () => examine(visit))
  })
}

/** Throws, unless it is a failure of the store that `errorHandler` took upon itself. */
export async function survive(visit: Visit, failure: unknown): Promise<StoreFailure> {
  if (!(failure instanceof StoreFailure)) throw failure
  await visit.host.failed(failure)
  return failure
}

function read(visit: Visit): Awaitable<Origin> {
  const barred = async (failure: unknown): Promise<Origin> => {
    const { error } = await survive(visit, failure)
    return { kind: 'barred', failure: error }
  }
  try {
    const origin = andThen(visit.host.presentedId(), (presented): Awaitable<Origin> => {
      if (!presented) return ABSENT
      visit.presented = presented.id
      visit.due ||= presented.stale
      return load(visit.config, presented.id)
    })
    return isPromise(origin) ? origin.catch(barred) : origin
  } catch (failure) {
    return barred(failure)
  }
}

function tell({ host, presented: id }: Visit, why: Rejection | undefined): void {
  if (why === 'expired') host.emit('expire', { id })
  if (why) host.emit('reject', { id, why })
}

/** What was found may be refused, or be due to be written again. */
function examine(visit: Visit): void {
  const { found, config } = visit
  if (!found) return
  if (!config.writer.vault.isCurrent(found)) visit.due = true
  // It was set before it was read: the cookie of this user stays what it was.
  if (visit.held && visit.current) Session.inherit(visit.current, visit.base()?.cookie)
  if (config.renew === undefined) return
  const record = visit.base()
  if (record && isRenewable(visit, visit.make(record), record.until)) visit.due = true
}

async function validate(visit: Visit): Promise<void> {
  const session = visit.open()
  if (await visit.host.valid(session)) {
    // It may have been set, or set to null, while it was read.
    if (visit.current === undefined) visit.current = session
  } else {
    visit.origin = ABSENT
    tell(visit, 'invalid')
  }
}
