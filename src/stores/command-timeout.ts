import { duration } from '../util/duration.js'
import { type SessionError, unavailable } from '../util/errors.js'

const DEFAULT_MS = 5000
// Node runs a timer with a longer delay after 1 ms.
const MAX_TIMER_MS = 2 ** 31 - 1

/** A promise that `guard` returned, in a linked list. */
interface Waiter {
  readonly deadline: number
  /** Undefined once settled: the function would retain the answer for as long as the waiter is listed. */
  reject: ((error: unknown) => void) | undefined
  readonly reason: () => unknown
  next: Waiter | undefined
}

/** Waiters in the order of their deadlines, which is the order of arrival: all wait equally long. */
class WaiterQueue {
  first: Waiter | undefined
  #last: Waiter | undefined

  push(waiter: Waiter): void {
    if (this.first && this.#last) this.#last.next = waiter
    else this.first = waiter
    this.#last = waiter
  }

  removeFirst(): void {
    const removed = this.first
    if (!removed) return
    this.first = removed.next
    // Without this, a removed waiter in V8's old generation retains all of its successors.
    removed.next = undefined
    if (!this.first) this.#last = undefined
  }
}

/**
 * Rejects promises that take longer than `commandTimeout`. All of them share one timer, set to the
 * earliest deadline.
 */
export class CommandTimeout {
  readonly #ms: number
  readonly #server: string
  readonly #limit: string
  readonly #waiters = new WaiterQueue()
  #isTimerSet = false

  /**
   * @param commandTimeout The option of that name, in ms. Default 5000.
   * @param server Names the server in the message of the error.
   * @param limit Names what gives the limit, likewise.
   * @throws {SessionError} ERR_SESSION_DURATION
   */
  constructor(commandTimeout = DEFAULT_MS, server: string, limit = 'commandTimeout') {
    this.#ms = duration('commandTimeout', commandTimeout, { most: MAX_TIMER_MS })
    this.#server = server
    this.#limit = limit
  }

  get ms(): number {
    return this.#ms
  }

  /**
   * Settles as `answer` does, or rejects at the deadline. The command is not cancelled: the server
   * may still carry it out. `mapError` translates a rejection of `answer`. `reason` returns what the
   * client says of its connection: the `cause` of the error at the deadline.
   * @throws {SessionError} ERR_SESSION_UNAVAILABLE (503)
   */
  guard<T>(
    answer: Promise<T>,
    mapError = (error: unknown): unknown => error,
    reason: () => unknown = noReason,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiter = this.#enqueue(reject, reason)
      answer.then(
        (value) => {
          waiter.reject = undefined
          resolve(value)
        },
        (error) => {
          waiter.reject = undefined
          reject(mapError(error))
        },
      )
    })
  }

  #enqueue(reject: (error: unknown) => void, reason: () => unknown): Waiter {
    const deadline = performance.now() + this.#ms
    const waiter: Waiter = { deadline, reject, reason, next: undefined }
    while (this.#waiters.first && !this.#waiters.first.reject) this.#waiters.removeFirst()
    this.#waiters.push(waiter)
    if (!this.#isTimerSet) this.#setTimer(this.#ms)
    return waiter
  }

  /** The timer is unreferenced: the client's socket already keeps the process alive. */
  #setTimer(ms: number): void {
    this.#isTimerSet = true
    // setImmediate runs after pending I/O: after a pause of this process, answers that have arrived
    // settle first.
    setTimeout(() => setImmediate(this.#rejectOverdue), ms).unref()
  }

  readonly #rejectOverdue = (): void => {
    const now = performance.now()
    for (let waiter = this.#waiters.first; waiter; waiter = this.#waiters.first) {
      if (waiter.reject && waiter.deadline > now) break
      waiter.reject?.(this.#timeoutError(waiter.reason()))
      this.#waiters.removeFirst()
    }
    this.#isTimerSet = false
    const next = this.#waiters.first
    if (next) this.#setTimer(Math.ceil(next.deadline - now))
  }

  #timeoutError(cause: unknown): SessionError {
    return unavailable(
      `${this.#server} did not answer within ${this.#limit} (${this.#ms} ms), so a write may or may not be done. Check whether it hangs, is overloaded, waits for a lock or cannot be reached, or raise commandTimeout.`,
      cause,
    )
  }
}

function noReason(): undefined {}
