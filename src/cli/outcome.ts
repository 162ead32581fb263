/**
 * What the command did with a record. `there`: the target holds the session already. `ended`: it
 * ended before or while it was copied. The state file stores these names.
 */
export type Outcome = 'copied' | 'there' | 'ended' | 'expired' | 'failed'

export type Counts = Record<Outcome, number>

export const NO_COUNTS: Counts = { copied: 0, there: 0, ended: 0, expired: 0, failed: 0 }

export function addCounts(left: Counts, right: Counts): Counts {
  const sum = { ...left }
  for (const name of Object.keys(NO_COUNTS) as Outcome[]) sum[name] += right[name]
  return sum
}

export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
