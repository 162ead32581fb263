// Fixed, so that two runs are alike. In the future, so that a use of the real time makes a test fail.
const START = Date.UTC(2100, 0, 1)

/** A clock that only `advance` moves. Pass `clock.now` as the option `now`. */
export class ManualClock {
  #now: number

  /** `start` in epoch ms. Default: the first moment of 2100. */
  constructor(start: number = START) {
    this.#now = start
  }

  /** Returns the time in epoch ms. It is bound, so that it can be passed as a function. */
  readonly now = (): number => this.#now

  /** Moves the clock by so many ms, back when below 0. @returns the new time in epoch ms. */
  advance(ms: number): number {
    this.#now += ms
    return this.#now
  }
}
