import { isMoved, tombstoneUntil } from '../record/tombstone.js'
import type { SessionStore, StoredRecord } from '../stores/contract.js'

/** What became of a session: `ended` while it was copied, or before; `there` in the other store already. */
export type Outcome = 'copied' | 'there' | 'ended' | 'expired' | 'failed'

export type Counts = Record<Outcome, number>

export const NONE: Counts = { copied: 0, there: 0, ended: 0, expired: 0, failed: 0 }

/** Does what there is to do about one record. */
export type Work = (record: StoredRecord) => Promise<Outcome>

/** How often a session is copied anew that changes meanwhile. */
const MOST_TRIES = 10
const CONCURRENCY = 16

/** What there is nothing to do about: the application has moved it, it ended, or it expired. */
function atRest(value: string, expiresAt: number, now: number): Outcome | undefined {
  if (isMoved(value)) return 'there'
  if (tombstoneUntil(value) !== undefined) return 'ended'
  return expiresAt <= now ? 'expired' : undefined
}

/** What would become of a record. */
export async function foresee(
  to: Pick<SessionStore, 'load'>,
  { key, value, expiresAt }: StoredRecord,
  now: number,
): Promise<Outcome> {
  const known = atRest(value, expiresAt, now)
  if (known) return known
  const other = await to.load(key)
  return other === undefined || isMoved(other) ? 'copied' : 'there'
}

/**
 * Copies a record, unless its key is taken, and then looks whether that was right: what ended or
 * changed meanwhile is taken back.
 */
export async function copy(
  from: Pick<SessionStore, 'load'>,
  to: SessionStore,
  { key, value, expiresAt }: StoredRecord,
  now: number,
): Promise<Outcome> {
  const known = atRest(value, expiresAt, now)
  if (known) return known
  let copied = value
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    if (!(await to.create(key, copied, expiresAt))) {
      // A copy of an earlier run lasts as long as the session does by now.
      const answer = await to.replace(key, copied, copied, expiresAt)
      if (answer.ok || !isMoved(answer.current)) return 'there'
      // It had moved away from there, and comes back.
      if (!(await to.replace(key, answer.current, copied, expiresAt)).ok) continue
    }
    const current = await from.load(key)
    if (current === copied) return 'copied'
    const last = current === undefined || tombstoneUntil(current) !== undefined
    if (last && !isMoved(current)) {
      // And whatever a server has made of the copy meanwhile.
      await to.destroy(key)
      return 'ended'
    }
    const withdrawn = await to.replace(key, copied, '', 0)
    // A server has moved it: what is there now is the session itself, unless it ended since.
    if (last) return withdrawn.ok ? 'ended' : 'there'
    copied = current
  }
  return 'failed'
}

/** Some at a time. A record that fails is counted, and keeps no other from its turn. */
export async function each(records: StoredRecord[], work: Work): Promise<Counts> {
  const counts = { ...NONE }
  const waiting = records.values()
  const worker = async () => {
    for (const record of waiting) counts[await work(record).catch((): Outcome => 'failed')]++
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  return counts
}

export function add(one: Counts, other: Counts): Counts {
  const sum = { ...one }
  for (const name of Object.keys(NONE) as Outcome[]) sum[name] += other[name]
  return sum
}

export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
