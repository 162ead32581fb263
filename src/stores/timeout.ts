interface Waiting {
  readonly until: number
  readonly reject: (error: unknown) => void
  settled: boolean
  next: Waiting | undefined
}

/**
 * Rejects what takes longer than so many ms. As all may take equally long, they stand in line in
 * the order of their ends, and one timer for the first of them will do.
 */
export class Timeout {
  readonly #ms: number
  readonly #late: () => Error
  #first: Waiting | undefined
  #last: Waiting | undefined
  #armed = false

  /** `late` makes the error. */
  constructor(ms: number, late: () => Error) {
    this.#ms = ms
    this.#late = late
  }

  /** The answer, in time; `fail` turns what it rejects with into what the caller is told. */
  guard<T>(answer: Promise<T>, fail: (error: unknown) => unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = this.#queue(reject)
      answer.then(
        (value) => {
          waiting.settled = true
          resolve(value)
        },
        (error) => {
          waiting.settled = true
          reject(fail(error))
        },
      )
    })
  }

  #queue(reject: (error: unknown) => void): Waiting {
    const until = performance.now() + this.#ms
    const waiting: Waiting = { until, reject, settled: false, next: undefined }
    while (this.#first?.settled) this.#first = this.#first.next
    if (this.#first && this.#last) this.#last.next = waiting
    else this.#first = waiting
    this.#last = waiting
    if (!this.#armed) this.#arm(this.#ms)
    return waiting
  }

  /** The socket keeps a process alive as long as somebody waits: the timer need not. */
  #arm(ms: number): void {
    this.#armed = true
    // After a pause of this process, answers that lie ready come first: they are no fault of the server.
    setTimeout(() => setImmediate(this.#judge), ms).unref()
  }

  readonly #judge = (): void => {
    const now = performance.now()
    while (this.#first && (this.#first.settled || this.#first.until <= now)) {
      if (!this.#first.settled) this.#first.reject(this.#late())
      this.#first = this.#first.next
    }
    this.#armed = false
    if (this.#first) this.#arm(Math.ceil(this.#first.until - now))
    else this.#last = undefined
  }
}
