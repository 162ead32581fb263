import type { SessionStore } from '../stores/contract.js'
import { isEnded, tombstone } from './tombstone.js'

/** Each failed attempt means that another request wrote in between; this limits how many may. */
const MAX_ATTEMPTS = 256

export interface TombstoneOptions {
  /** How long the tombstone blocks the id, in ms. 0: delete the record, without a tombstone. */
  ttl: number
  /** Returns the time in epoch ms. */
  now: () => number
  /** The tombstone to write. Default: a new one. */
  own?: string
}

/**
 * Ends a session: replaces its record by a tombstone, also if other requests write meanwhile. Deletes
 * the record instead if they write at every attempt.
 * @param expected The value that was read last.
 * @param own The tombstone. One that is there already was put there by a command that was sent twice.
 * @returns false if the record was gone, or another request ended it.
 */
export async function replaceByTombstone(
  store: Pick<SessionStore, 'replace' | 'destroy'>,
  key: string,
  expected: string,
  { ttl, now, own = tombstone(now() + ttl) }: TombstoneOptions,
): Promise<boolean> {
  let current: string | undefined = expected
  for (let attempt = 0; attempt < MAX_ATTEMPTS && ttl > 0; attempt++) {
    if (current === own) return true
    if (current === undefined || isEnded(current)) return false
    const result = await store.replace(key, current, own, now() + ttl)
    if (result.ok) return true
    current = result.current
  }
  return store.destroy(key)
}
