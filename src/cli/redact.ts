import { SessionError } from '../util/errors.js'
import { UsageError } from './usage.js'

/**
 * A message for the terminal. Of a driver's error only its code or name is printed: its message
 * may hold keys, values or passwords.
 */
export function redact(error: unknown): string {
  if (error instanceof UsageError || error instanceof SessionError) return error.message
  if (!(error instanceof Error)) return 'something failed without an Error object'
  const code: unknown = Reflect.get(error, 'code')
  const [word] = /^[A-Z]{3,}\b/.exec(error.message) ?? []
  return `a store failed: ${typeof code === 'string' ? code : (word ?? error.name)}`
}
