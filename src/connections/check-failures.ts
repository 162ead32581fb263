/** Reports checks that failed: the first one at once, then at most once in every period. */
export class CheckFailures {
  readonly #period: number
  readonly #report: (count: number) => void
  #count = 0
  #reportedAt = Number.NEGATIVE_INFINITY

  /** `period`: in ms. `report` gets how many checks failed since the last report. */
  constructor(period: number, report: (count: number) => void) {
    this.#period = period
    this.#report = report
  }

  /** `now`: in ms, of a clock that never goes back. */
  note(now: number): void {
    this.#count++
    if (now - this.#reportedAt < this.#period) return
    const count = this.#count
    this.#count = 0
    this.#reportedAt = now
    this.#report(count)
  }
}
