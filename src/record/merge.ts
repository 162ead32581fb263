import type { StoredSession } from '../stores/contract.js'
import { SessionError } from '../util/errors.js'

/**
 * Which side holds when two requests changed one key: `mine` (the one that writes later; the
 * default), `theirs`, `throw` (ERR_SESSION_CONFLICT), or a function that returns the value to keep
 * (undefined deletes the key).
 */
export type OnConflict =
  | 'mine'
  | 'theirs'
  | 'throw'
  | ((key: string, base: unknown, theirs: unknown, mine: unknown) => unknown)

/** A key to set in mine; `value` undefined: to delete. */
export interface Edit {
  key: string
  value: unknown
}

const own = (data: StoredSession, key: string) => (Object.hasOwn(data, key) ? data[key] : undefined)
const text = (data: StoredSession, key: string) => JSON.stringify(own(data, key))

/**
 * A three-way merge by top-level key: what must change in `mine`, so that it also holds what
 * somebody else wrote since `base` was read. A key that only one side touched is never lost, a
 * deletion is a change like any other, and values are compared as they are stored.
 * @throws {SessionError} ERR_SESSION_CONFLICT with `throw`, when both sides changed a key differently.
 */
export function merge(
  base: StoredSession,
  theirs: StoredSession,
  mine: StoredSession,
  onConflict: OnConflict,
): Edit[] {
  const edits: Edit[] = []
  for (const key of new Set([...Object.keys(base), ...Object.keys(theirs)])) {
    const [was, their, my] = [text(base, key), text(theirs, key), text(mine, key)]
    if (their === was) continue
    const value = my === was ? own(theirs, key) : resolve(key, base, theirs, mine, onConflict)
    if (value !== own(mine, key)) edits.push({ key, value })
  }
  return edits
}

function resolve(
  key: string,
  base: StoredSession,
  theirs: StoredSession,
  mine: StoredSession,
  onConflict: OnConflict,
): unknown {
  // A function is asked even when both sides came to the same value: two additions are not one.
  if (typeof onConflict === 'function')
    return onConflict(key, own(base, key), own(theirs, key), own(mine, key))
  if (text(theirs, key) === text(mine, key)) return own(mine, key)
  if (onConflict === 'mine') return own(mine, key)
  if (onConflict === 'theirs') return own(theirs, key)
  throw new SessionError(
    'ERR_SESSION_CONFLICT',
    'Another request changed the same key of this session: let the client try again, or choose another onConflict',
  )
}

/** Bounded retries were lost to other requests, every one. */
export function busy(): SessionError {
  return new SessionError(
    'ERR_SESSION_CONFLICT',
    'Other requests changed this session faster than it could be written: let the client try again',
  )
}
