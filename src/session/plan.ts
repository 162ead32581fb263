/** Everything that a commit depends on. */
export interface Facts {
  /** `ctx.sessionSave`: true forces, false forbids. An explicit save or update overrules false. */
  save: boolean | undefined
  /** An explicit save: a new session is stored even if it is empty. */
  asked: boolean
  /** The id ended moments ago, or could not be read: this request must not write under it. */
  blocked: boolean
  /** The store holds a record under the presented id. */
  found: boolean
  /** The session must get an id of its own although a record was found: it was regenerated. */
  moved: boolean
  /** `ctx.session` is null. */
  ended: boolean
  empty: boolean
  allowEmpty: boolean
  changed: boolean
  /** Deadline and cookie are to be extended: rolling, `touch()`, a signature of an older key. */
  extend: boolean
}

/**
 * What a commit does to the store. The cookie follows, and only after the store did it: `destroy`
 * clears it, `none` leaves it alone, every other action sets it.
 */
export type Action = 'none' | 'create' | 'regenerate' | 'replace' | 'touch' | 'destroy'

/** The truth table of a commit. No other code decides what is written. */
export function planCommit(facts: Facts): Action {
  if (facts.save === false || facts.blocked) return 'none'
  if (facts.ended) return facts.found ? 'destroy' : 'none'
  if (facts.found && !facts.moved) return planKnown(facts)
  const worth = !facts.empty || facts.allowEmpty || facts.save === true || facts.asked
  if (facts.found) return worth ? 'regenerate' : 'destroy'
  return worth ? 'create' : 'none'
}

function planKnown({ changed, save, extend }: Facts): Action {
  if (changed || save === true) return 'replace'
  return extend ? 'touch' : 'none'
}
