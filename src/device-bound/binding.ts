import type { LoadedRecord } from '../record/records.js'
import { BINDING_KEY } from '../session/device-binding.js'
import { isId } from '../session/id.js'
import { mayBeBound } from '../session/keep-binding.js'
import { Session } from '../session/session.js'
import { isObject } from '../util/shape.js'
import { type DeviceKey, deviceKeyIn } from './device-key.js'

/** What a session holds of the device that it is bound to. */
export interface Binding {
  /** The session identifier that the browser knows. It is no secret, and survives `regenerateSession()`. */
  id: string
  key: DeviceKey
  /** Epoch ms. */
  since: number
}

/** The binding in a record; undefined: the session is not bound. */
export function bindingInRecord(record: LoadedRecord): Binding | undefined {
  if (!mayBeBound(record)) return undefined
  return bindingIn(record.content?.data[BINDING_KEY])
}

export function bindingInSession(session: Session): Binding | undefined {
  return bindingIn(Session.value(session, BINDING_KEY))
}

/** Sets the binding of a session, or deletes it. */
export function setBinding(session: Session, binding: Binding | undefined): void {
  Session.edit(session, BINDING_KEY, binding)
}

/** A copy, so that a handler that changes its session does not change the binding. */
function bindingIn(value: unknown): Binding | undefined {
  if (!isObject(value) || !isId(value.id) || !Number.isSafeInteger(value.since)) return undefined
  const key = deviceKeyIn(value.key)
  return key && { id: value.id, key, since: Number(value.since) }
}
