import { isEnded, isMoved, isTombstone } from '../record/tombstone.js'
import type { SessionStore, StoredRecord } from '../stores/contract.js'
import { unsettledDeadline } from '../stores/migrating/mark.js'
import type { Outcome } from './outcome.js'

type Loader = Pick<SessionStore, 'load'>

/** How often a session that changes during the copy is copied again. */
const MAX_ATTEMPTS = 10

/**
 * The outcome of a record that needs no copy: it was moved, it ended, or it expired. A value in transit
 * is a session on its way to another key of its store: the server that reads the copy completes the move.
 */
function outcomeWithoutCopy({ value, expiresAt }: StoredRecord, now: number): Outcome | undefined {
  if (isMoved(value)) return 'there'
  if (isEnded(value)) return 'ended'
  return expiresAt <= now ? 'expired' : undefined
}

/** Gives the copy of a move its deadline, if a server has not done that yet. */
async function keepMovedCopy(to: SessionStore, { key, value: mark }: StoredRecord): Promise<void> {
  const deadline = unsettledDeadline(mark)
  const value = deadline === undefined ? undefined : await to.load(key)
  if (deadline === undefined || value === undefined || isTombstone(value)) return
  await to.replace(key, value, value, deadline)
}

/** The outcome that `copy` would have. Writes nothing. */
export async function preview(to: Loader, record: StoredRecord, now: number): Promise<Outcome> {
  const outcome = outcomeWithoutCopy(record, now)
  if (outcome) return outcome
  const existing = await to.load(record.key)
  return existing === undefined || isMoved(existing) ? 'copied' : 'there'
}

/**
 * Creates the record in `to`, then reads it again in `from`. If it ended or changed in between, the
 * copy is removed or replaced: otherwise a session that was logged out would live on in `to`.
 */
export async function copy(
  from: Loader,
  to: SessionStore,
  record: StoredRecord,
  now: number,
): Promise<Outcome> {
  const outcome = outcomeWithoutCopy(record, now)
  if (outcome === 'there') await keepMovedCopy(to, record)
  if (outcome) return outcome
  const { key, expiresAt } = record
  let copied = record.value
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (!(await to.create(key, copied, expiresAt))) {
      // An equal value is the copy of an earlier run: this gives it the session's current deadline.
      const answer = await to.replace(key, copied, copied, expiresAt)
      if (answer.ok || !isMoved(answer.current)) return 'there'
      // `to` holds the mark of an earlier move in the other direction: the session moves back.
      if (!(await to.replace(key, answer.current, copied, expiresAt)).ok) continue
    }
    const current = await from.load(key)
    if (current === copied) return 'copied'
    const hasLeft = current === undefined || isEnded(current)
    if (hasLeft && !isMoved(current)) {
      // It ended. A server may have changed the copy since, so `replace` could miss it.
      await to.destroy(key)
      return 'ended'
    }
    const withdrawn = await to.replace(key, copied, '', 0)
    // A server moved it. If the copy changed since, it is the session itself; if not, that ended.
    if (hasLeft) return withdrawn.ok ? 'ended' : 'there'
    copied = current
  }
  return 'failed'
}
