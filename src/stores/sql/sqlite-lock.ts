import type { Awaitable } from '../../util/async.js'
import { unavailable } from '../../util/errors.js'

/** Time between two attempts while the file is locked, in ms. */
const POLL_INTERVAL = 2

/** A query that found the file locked. */
interface Waiter {
  deadline: number
  /** Runs the query again and settles its promise. Returns false if the file is still locked. */
  retry(isOverdue: boolean): boolean
}

/**
 * Runs queries of a synchronous driver that never waits for a lock itself (`busy_timeout = 0`). A query
 * that finds the file locked by another process is repeated until it is free, in the order of arrival.
 * The event loop is free meanwhile: with a busy_timeout, every request of the process would wait.
 */
export class LockQueue {
  readonly #limit: number
  readonly #waiters: Waiter[] = []

  /** @param limit How long a query waits, in ms. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Returns the result itself if the file is not locked.
   * @throws {SessionError} ERR_SESSION_UNAVAILABLE (503) if it is locked for longer than the limit.
   */
  run<T>(query: () => Awaitable<T>): Awaitable<T> {
    try {
      return query()
    } catch (error) {
      if (!isLocked(error)) throw error
      return new Promise((resolve, reject) => {
        this.#enqueue((isOverdue) => {
          try {
            resolve(query())
          } catch (failure) {
            if (isLocked(failure) && !isOverdue) return false
            reject(isLocked(failure) ? this.#tooLong(failure) : failure)
          }
          return true
        })
      })
    }
  }

  #enqueue(retry: Waiter['retry']): void {
    const isFirst = this.#waiters.push({ deadline: performance.now() + this.#limit, retry }) === 1
    if (isFirst) setTimeout(this.#retryFirst, POLL_INTERVAL)
  }

  /** One query a turn: each write may wait for the disk. */
  readonly #retryFirst = (): void => {
    const [first] = this.#waiters
    if (!first) return
    const isDone = first.retry(performance.now() >= first.deadline)
    if (isDone) this.#waiters.shift()
    if (this.#waiters.length === 0) return
    if (isDone) setImmediate(this.#retryFirst)
    else setTimeout(this.#retryFirst, POLL_INTERVAL)
  }

  #tooLong(cause: unknown): Error {
    return unavailable(
      `Another process held the lock of the SQLite file for longer than commandTimeout (${this.#limit} ms). Keep its transactions short, or raise commandTimeout.`,
      Reflect.get(Object(cause), 'cause'),
    )
  }
}

/** Whether `withRetry` threw an error because another connection has locked the file. */
export function isLocked(error: unknown): boolean {
  const cause: unknown = Reflect.get(Object(error), 'cause')
  if (!(cause instanceof Error)) return false
  const code = String(Reflect.get(cause, 'code'))
  return /^SQLITE_(BUSY|LOCKED)/.test(code) || /^database (table )?is locked/.test(cause.message)
}
