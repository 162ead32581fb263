import type { Held } from '../record/envelope.js'
import { decode } from '../record/format.js'
import { busy } from '../record/merge.js'
import { MOST_ROUNDS } from '../record/repository.js'
import { SessionError } from '../util/errors.js'
import { attemptReplace, commit } from './commit.js'
import type { Session } from './session.js'
import { apply, type Visit } from './state.js'

/**
 * Read, change, compare and set, until nobody came between. `change` works on a copy of the
 * session as the handler left it, so that an error in it leaves nothing changed. What it made is
 * looked at and written `inTurn` with whatever else this request writes.
 */
export async function update<T>(
  visit: Visit,
  change: (draft: Session) => T | Promise<T>,
  inTurn: (work: () => Promise<boolean>) => Promise<boolean>,
): Promise<T> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const session = alive(visit)
    const before = visit.encode(session)
    const draft = visit.make(decode(before))
    const result = await change(draft)
    const done = await inTurn(async () => {
      // Another write of this same request came first: start from what it left.
      if (alive(visit) !== session || visit.encode(session) !== before) return false
      if (visit.held && visit.saving !== false)
        return write(visit, visit.held, session, before, draft)
      return create(visit, session, before, draft)
    })
    if (done) return result
  }
  throw busy()
}

async function write(
  visit: Visit,
  held: Held,
  session: Session,
  before: string,
  draft: Session,
): Promise<boolean> {
  await visit.host.beforeSave(draft)
  visit.host.check(draft)
  const attempt = await attemptReplace(visit, held, draft)
  if ('theirs' in attempt && visit.rebase(session, attempt.theirs)) return false
  apply(session, visit.changes(before, draft, session))
  if ('written' in attempt) await visit.stored(attempt.written, session)
  else visit.gone()
  return true
}

/** A session that is not stored yet is created with the change; if that fails, there was no change. */
async function create(
  visit: Visit,
  session: Session,
  before: string,
  draft: Session,
): Promise<true> {
  const after = visit.encode(draft)
  apply(session, visit.changes(before, draft, session))
  try {
    if (visit.saving !== false) await commit(visit)
  } catch (error) {
    apply(session, visit.changes(after, visit.make(decode(before)), session))
    throw error
  }
  return true
}

function alive(visit: Visit): Session {
  const { session, origin } = visit
  if (origin?.kind === 'barred' && origin.failure) throw origin.failure
  if (session) return session
  throw new SessionError('ERR_SESSION_VALUE', 'The session was ended: there is nothing to update')
}
