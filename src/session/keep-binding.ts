import { type FieldLookup, parseField } from '../record/fields.js'
import type { LoadedRecord } from '../record/records.js'
import { BINDING_KEY, type BindingRule } from './device-binding.js'
import { Session } from './session.js'

/** The state of a request, as far as the binding of its session depends on it. */
interface BoundState {
  readonly bindingRule: BindingRule
  /** The session that the request came with was ended. */
  readonly hasEnded: boolean
  /** The record that was found. */
  readonly found: LoadedRecord | undefined
  /** The record that the current session continues; undefined: it needs a new one. */
  readonly record: LoadedRecord | undefined
}

const QUOTED_KEY = `"${BINDING_KEY}"`

/** A quick look, which spares parsing most records. */
export function mayBeBound({ value }: LoadedRecord): boolean {
  return value.includes(QUOTED_KEY)
}

/** Before a session is written: no handler has undone its binding, or made one. */
export function keepBinding(state: BoundState, session: Session): void {
  const { bindingRule, hasEnded, found, record } = state
  if (bindingRule === 'free') return
  const source = bindingRule === 'kept' && !hasEnded ? found : record
  setStoredBinding(session, source && mayBeBound(source) ? source.fields : undefined)
}

/** Gives a session the binding that is stored. */
export function setStoredBinding(session: Session, stored: FieldLookup | undefined): void {
  const text = stored?.get(BINDING_KEY)
  if (textOf(session) !== text) Session.edit(session, BINDING_KEY, parseField(text))
}

function textOf(session: Session): string | undefined {
  try {
    return JSON.stringify(Session.value(session, BINDING_KEY))
  } catch {
    // A handler put something there that JSON cannot write.
    return ''
  }
}
