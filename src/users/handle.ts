import { createHash } from 'node:crypto'

const BYTES = 16

/**
 * Names a session in the list of its user. It is a hash: no id can be computed from it.
 * @param key The key of its record, without the prefix.
 */
export function handleOf(listKey: string, key: string): string {
  return createHash('sha256').update(`${listKey} ${key}`).digest().toString('base64url', 0, BYTES)
}
