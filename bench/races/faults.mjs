import { isDeepStrictEqual } from 'node:util'

/** The possible faults after a schedule, the worst first. */
export const FAULTS = ['revived', 'lost', 'moved', 'orphan', 'error']

/**
 * The faults that are seen in the store and in the browsers' jars, which are texts like the header
 * Cookie. `ids`: the sessions that the store holds. `jar`: what the browser holds. `jars`: what all of
 * them hold. `cookie`: what it must hold. `dead`: a cookie whose session ended; `deadId`: its id.
 */
export function faultsOfRecords({ ids, jar, jars, cookie, dead, deadId }) {
  const names = (text, id) => text !== undefined && decodeURIComponent(text).includes(id)
  const ended = (id) => id === deadId || names(dead, id)
  const kept = (id) => [cookie, ...jars].some((text) => names(text, id))
  const faults = []
  if (ids.some(ended)) faults.push('revived')
  if (ids.some((id) => !ended(id) && !kept(id))) faults.push('orphan')
  if (jar !== cookie) faults.push('moved')
  return faults
}

/** Whether a session holds all of `has`, and no key of `lacks`. */
export function holds(data, { has, lacks = [] }) {
  const isKept = Object.entries(has).every(([key, value]) => isDeepStrictEqual(data[key], value))
  return isKept && !lacks.some((key) => key in data)
}
