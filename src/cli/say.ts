import { SessionError } from '../util/errors.js'
import { UsageError } from './usage.js'

/** What a driver's error is called; its message may hold keys, values or passwords. */
export function sayWithoutData(error: unknown): string {
  if (error instanceof UsageError || error instanceof SessionError) return error.message
  if (!(error instanceof Error)) return 'something failed that says nothing of itself'
  const code: unknown = Reflect.get(error, 'code')
  const [word] = /^[A-Z]{3,}\b/.exec(error.message) ?? []
  return `a store failed: ${typeof code === 'string' ? code : (word ?? error.name)}`
}
