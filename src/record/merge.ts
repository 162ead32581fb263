import { SessionError } from '../util/errors.js'
import { isObject } from '../util/shape.js'
import {
  type FieldChange,
  type FieldLookup,
  type Fields,
  isSameJson,
  parseField,
} from './fields.js'
import { earlier, splitCreated, withCreated } from './stored-cookie.js'

type Text = string | undefined

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

/**
 * A three-way merge by top-level key: what must change in `mine`, so that it also holds what
 * `theirs` changed since `base`. A key that only one side changed is never lost. A deletion is a
 * change like any other. Values are compared as they are stored. The beginning of the session, which
 * its cookie holds, is the earliest of the three.
 * @throws {SessionError} ERR_SESSION_CONFLICT with `throw`, when both sides changed a key differently.
 */
export function merge(
  base: Fields,
  theirs: FieldLookup,
  mine: FieldLookup,
  onConflict: OnConflict,
): FieldChange[] {
  const changes: FieldChange[] = []
  const take = (key: string) => {
    const [was, their] = [base.get(key), theirs.get(key)]
    if (their === was || isSameJson(their, was)) return
    const my = mine.get(key)
    const text = (key === 'cookie' ? chooseCookie : choose)(onConflict, key, was, their, my)
    if (text !== my) changes.push({ key, text })
  }
  if (theirs.compared) for (const key of theirs.compared) take(key)
  else {
    for (const key of base.keys()) take(key)
    for (const key of theirs.keys()) if (!base.has(key)) take(key)
  }
  return changes
}

/** A function decides about keys of the data. Of two changes of the cookie, the later write is kept. */
export function forData(onConflict: OnConflict): OnConflict {
  if (typeof onConflict !== 'function') return onConflict
  return (key, base, theirs, mine) =>
    key === 'cookie' ? mine : onConflict(key, base, theirs, mine)
}

/** The same decision, seen from the other side. */
export function fromTheirSide(onConflict: OnConflict): OnConflict {
  if (typeof onConflict === 'function')
    return (key, base, theirs, mine) => onConflict(key, base, mine, theirs)
  if (onConflict === 'throw') return 'throw'
  return onConflict === 'mine' ? 'theirs' : 'mine'
}

/** The text to keep, where `their` differs from `was`. */
function choose(onConflict: OnConflict, key: string, was: Text, their: Text, my: Text): Text {
  return isSameJson(my, was) ? their : resolve(onConflict, key, was, their, my)
}

/** Two requests that each note when the session began do not conflict: the earlier moment counts. */
function chooseCookie(onConflict: OnConflict, key: string, was: Text, their: Text, my: Text): Text {
  const [base, theirs, mine] = [splitCreated(was), splitCreated(their), splitCreated(my)]
  const text = isSameJson(theirs.attributes, base.attributes)
    ? mine.attributes
    : choose(onConflict, key, base.attributes, theirs.attributes, mine.attributes)
  return text && withCreated(text, earlier(theirs.created, mine.created))
}

function resolve(onConflict: OnConflict, key: string, was: Text, their: Text, my: Text): Text {
  // A function decides even between equal values: two additions of one are not one addition.
  if (typeof onConflict === 'function') {
    return textOf(onConflict(key, parseField(was), parseField(their), parseField(my)))
  }
  if (onConflict === 'mine' || isSameJson(their, my)) return my
  if (onConflict === 'theirs') return their
  throw new SessionError(
    'ERR_SESSION_CONFLICT',
    'Another request changed the same key of this session: let the client try again, or choose another onConflict',
  )
}

/** The text of what a function returned; undefined deletes the key. */
function textOf(kept: unknown): Text {
  if (kept === undefined) return undefined
  let text: Text
  try {
    text = isThenable(kept) ? undefined : JSON.stringify(kept)
  } catch (cause) {
    throw unfit(cause)
  }
  if (text === undefined) throw unfit()
  return text
}

function isThenable(value: unknown): boolean {
  return isObject(value) && typeof value.then === 'function'
}

function unfit(cause?: unknown): SessionError {
  return new SessionError(
    'ERR_SESSION_DATA',
    'onConflict returned a promise, or something that JSON cannot write: return plain data at once',
    { cause },
  )
}
