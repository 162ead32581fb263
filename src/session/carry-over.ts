import { copy } from './own-keys.js'
import { Session } from './session.js'

/** The keys to keep; undefined: none. */
type Keep = readonly string[] | undefined

/** What can be carried over. */
interface Carried {
  data: object
  cookie?: unknown
}

export const NOTHING: Carried = { data: {} }

export function dataOf(session: Session): Carried {
  return { data: session, cookie: Session.storedCookie(session) }
}

/** Carries over the keys to keep; with all of them, this user's cookie too. */
export function carryOver(session: Session, from: object, cookie: unknown, keep: Keep): void {
  Session.inheritAge(session, cookie)
  if (!keep) return
  const data = copy(from)
  if (Object.keys(data).every((key) => keep.includes(key))) Session.inherit(session, cookie)
  for (const key of keep) if (Object.hasOwn(data, key)) Session.edit(session, key, data[key])
}
