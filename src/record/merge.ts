import { SessionError } from '../util/errors.js'
import { type Fields, isSameJson } from './fields.js'

/**
 * Which value wins when two requests changed one key: `mine` (the later write; the default),
 * `theirs`, `throw` (ERR_SESSION_CONFLICT), or a function that returns the value to keep
 * (undefined deletes the key).
 */
export type OnConflict =
  | 'mine'
  | 'theirs'
  | 'throw'
  | ((key: string, base: unknown, theirs: unknown, mine: unknown) => unknown)

/** One of the three sides of a merge: its fields as JSON, and the value of each. */
export interface MergeSide {
  readonly fields: Fields
  value(key: string): unknown
}

/** A key to set in mine; `value` undefined: to delete. */
export interface KeyChange {
  key: string
  value: unknown
}

/** A side of which only the JSON is known. */
export function storedSide(fields: Fields): MergeSide {
  return {
    fields,
    value: (key) => {
      const text = fields.get(key)
      return text === undefined ? undefined : JSON.parse(text)
    },
  }
}

/**
 * A three-way merge by top-level key: what must change in `mine`, so that it also holds what
 * `theirs` changed since `base`. A key that only one side changed is never lost. A deletion is a
 * change like any other. Values are compared as they are stored.
 * @throws {SessionError} ERR_SESSION_CONFLICT with `throw`, when both sides changed a key differently.
 */
export function merge(
  base: MergeSide,
  theirs: MergeSide,
  mine: MergeSide,
  onConflict: OnConflict,
): KeyChange[] {
  const changes: KeyChange[] = []
  const take = (key: string) => {
    const [was, their, my] = [base, theirs, mine].map(({ fields }) => fields.get(key))
    if (isSameJson(their, was)) return
    const winner = isSameJson(my, was)
      ? theirs.value(key)
      : resolve(key, base, theirs, mine, onConflict)
    if (winner !== mine.value(key)) changes.push({ key, value: winner })
  }
  for (const key of base.fields.keys()) take(key)
  for (const key of theirs.fields.keys()) if (!base.fields.has(key)) take(key)
  return changes
}

function resolve(
  key: string,
  base: MergeSide,
  theirs: MergeSide,
  mine: MergeSide,
  onConflict: OnConflict,
): unknown {
  const my = mine.value(key)
  // A function decides even between equal values: two additions of one are not one addition.
  if (typeof onConflict === 'function')
    return onConflict(key, base.value(key), theirs.value(key), my)
  if (onConflict === 'mine') return my
  if (isSameJson(theirs.fields.get(key), mine.fields.get(key))) return my
  if (onConflict === 'theirs') return theirs.value(key)
  throw new SessionError(
    'ERR_SESSION_CONFLICT',
    'Another request changed the same key of this session: let the client try again, or choose another onConflict',
  )
}
