import { SessionError } from '../errors.js'
import { type Awaitable, isPromise } from '../store.js'

/**
 * An answer that comes in time, or a failure. What was asked goes on: it may still be done.
 * @throws {SessionError} ERR_SESSION_UNAVAILABLE (503) after `ms`; 0: never.
 */
export function within<T>(ms: number, answer: Awaitable<T>): Awaitable<T> {
  if (ms === 0 || !isPromise(answer)) return answer
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late(ms)), ms)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function late(ms: number): SessionError {
  return new SessionError(
    'ERR_SESSION_UNAVAILABLE',
    `The session database did not answer within ${ms} ms: see to its load and its locks, or raise the store's timeout`,
  )
}
