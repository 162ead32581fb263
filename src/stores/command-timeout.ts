import { duration } from '../util/duration.js'
import { type SessionError, unavailable } from '../util/errors.js'

const DEFAULT = 5000
// More would be taken for 1 ms.
const LONGEST_TIMER = 2 ** 31 - 1

interface Waiting {
  readonly until: number
  /** Not there any more once it is settled: it would hold the answer as long as somebody before it waits. */
  reject: ((error: unknown) => void) | undefined
  next: Waiting | undefined
}

/**
 * Rejects what takes longer than so many ms. As all may take equally long, they stand in line in
 * the order of their ends, and one timer for the first of them will do.
 */
export class Timeout {
  readonly #ms: number
  readonly #who: string
  #first: Waiting | undefined
  #last: Waiting | undefined
  #armed = false

  /**
   * The option `commandTimeout`, in ms, and of whom it says that it did not answer.
   * @throws {SessionError} ERR_SESSION_DURATION
   */
  constructor(commandTimeout: number | undefined, who: string) {
    this.#ms = duration('commandTimeout', commandTimeout ?? DEFAULT, { most: LONGEST_TIMER })
    this.#who = who
  }

  get ms(): number {
    return this.#ms
  }

  /**
   * The answer, in time; `fail` turns what it rejects with into what the caller is told. What was asked
   * goes on: it may still be done.
   * @throws {SessionError} ERR_SESSION_UNAVAILABLE (503)
   */
  guard<T>(answer: Promise<T>, fail = (error: unknown): unknown => error): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = this.#queue(reject)
      answer.then(
        (value) => {
          waiting.reject = undefined
          resolve(value)
        },
        (error) => {
          waiting.reject = undefined
          reject(fail(error))
        },
      )
    })
  }

  #queue(reject: (error: unknown) => void): Waiting {
    const until = performance.now() + this.#ms
    const waiting: Waiting = { until, reject, next: undefined }
    while (this.#first && !this.#first.reject) this.#leave(this.#first)
    if (this.#first && this.#last) this.#last.next = waiting
    else this.#first = waiting
    this.#last = waiting
    if (!this.#armed) this.#arm(this.#ms)
    return waiting
  }

  /** Who is old and still points to the next one makes V8 take that for alive, and all that follow. */
  #leave(first: Waiting): void {
    this.#first = first.next
    first.next = undefined
  }

  /** The socket keeps a process alive as long as somebody waits: the timer need not. */
  #arm(ms: number): void {
    this.#armed = true
    // After a pause of this process, answers that lie ready come first: they are no fault of the server.
    setTimeout(() => setImmediate(this.#judge), ms).unref()
  }

  readonly #judge = (): void => {
    const now = performance.now()
    while (this.#first && (!this.#first.reject || this.#first.until <= now)) {
      this.#first.reject?.(this.#late())
      this.#leave(this.#first)
    }
    this.#armed = false
    if (this.#first) this.#arm(Math.ceil(this.#first.until - now))
    else this.#last = undefined
  }

  #late(): SessionError {
    return unavailable(
      `${this.#who} did not answer within commandTimeout (${this.#ms} ms): whether a write was done is not known; see whether it hangs, is overloaded, waits for a lock or cannot be reached, or raise commandTimeout`,
    )
  }
}
