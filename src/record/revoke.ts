import type { SessionStore } from '../stores/contract.js'
import { isTombstone, tombstone } from './tombstone.js'

/** Each failed attempt means that another request wrote in between; this limits how many may. */
const MAX_ATTEMPTS = 256

export interface TombstoneOptions {
  /** How long the tombstone blocks the id, in ms. 0: delete the record, without a tombstone. */
  ttl: number
  /** Returns the time in epoch ms. */
  now: () => number
}

/**
 * Ends a session: replaces its record by a tombstone, also if other requests write meanwhile. Deletes
 * the record instead if they write at every attempt.
 * @param expected The value that was read last.
 * @returns false if the record was gone, or was a tombstone already.
 */
export async function replaceByTombstone(
  store: Pick<SessionStore, 'replace' | 'destroy'>,
  key: string,
  expected: string,
  { ttl, now }: TombstoneOptions,
): Promise<boolean> {
  let current: string | undefined = expected
  for (let attempt = 0; attempt < MAX_ATTEMPTS && ttl > 0; attempt++) {
    if (current === undefined || isTombstone(current)) return false
    const until = now() + ttl
    const result = await store.replace(key, current, tombstone(until), until)
    if (result.ok) return true
    current = result.current
  }
  return store.destroy(key)
}
