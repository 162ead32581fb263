/** All that a commit is decided by. */
export interface Facts {
  /** `ctx.sessionSave`: true forces, false forbids. */
  save: boolean | undefined
  /** The id ended moments ago, or could not be read: it is not ours to write under. */
  barred: boolean
  /** The store holds a record under the presented id. */
  found: boolean
  /** The session must get an id of its own although a record was found: it was regenerated. */
  moved: boolean
  /** `ctx.session` is null. */
  ended: boolean
  empty: boolean
  allowEmpty: boolean
  changed: boolean
  /** Deadline and cookie are due again: rolling, `touch()`, a signature to renew. */
  extend: boolean
}

/**
 * What a commit does to the store. The cookie follows from it, and only once the store has said
 * yes: `destroy` clears it, `none` leaves it alone, everything else sets it.
 */
export type Action = 'none' | 'create' | 'regenerate' | 'replace' | 'touch' | 'destroy'

/** The truth table of a commit; nothing else decides what is written. */
export function planCommit(facts: Facts): Action {
  if (facts.save === false || facts.barred) return 'none'
  if (facts.ended) return facts.found ? 'destroy' : 'none'
  if (facts.found && !facts.moved) return planKnown(facts)
  const worth = !facts.empty || facts.allowEmpty || facts.save === true
  if (facts.found) return worth ? 'regenerate' : 'destroy'
  return worth ? 'create' : 'none'
}

function planKnown({ changed, save, extend }: Facts): Action {
  if (changed || save === true) return 'replace'
  return extend ? 'touch' : 'none'
}
