import { decode } from './codec.js'
import { attemptReplace } from './commit.js'
import { SessionError } from './errors.js'
import { busy } from './merge.js'
import type { Session } from './session.js'
import { apply, type Visit } from './visit.js'
import { type Held, MOST_ROUNDS } from './writer.js'

/**
 * Read, change, compare and set, until nobody came between. `change` works on a copy of the
 * session as the handler left it, so that an error in it leaves nothing changed.
 */
export async function update<T>(
  visit: Visit,
  change: (draft: Session) => T | Promise<T>,
  commit: () => Promise<void>,
): Promise<T> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const session = alive(visit)
    const before = visit.encode(session)
    const draft = visit.make(decode(before))
    const result = await change(draft)
    // Another update of this same request came first: start from what it left.
    if (alive(visit) !== session || visit.encode(session) !== before) continue
    if (!visit.held || visit.saving === false) {
      await applied(visit, session, before, draft, commit)
      return result
    }
    if (await write(visit, visit.held, session, before, draft)) return result
  }
  throw busy()
}

/** A session that is not stored yet is created with the change; without a store, there was no change. */
async function applied(
  visit: Visit,
  session: Session,
  before: string,
  draft: Session,
  commit: () => Promise<void>,
): Promise<void> {
  const after = visit.encode(draft)
  apply(session, visit.changes(before, draft, session))
  try {
    await commit()
  } catch (error) {
    apply(session, visit.changes(after, visit.make(decode(before)), session))
    throw error
  }
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

function alive(visit: Visit): Session {
  const { session } = visit
  if (session) return session
  throw new SessionError('ERR_SESSION_VALUE', 'The session was ended: there is nothing to update')
}
