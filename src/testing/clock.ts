// Fixed, so that two runs are alike. In the future, so that a use of the real time makes a test fail.
const START = Date.UTC(2100, 0, 1)

/**
 * A clock that only `advance` moves. Pass `clock.now` as the option `now`.
 * @since 1.0.0
 */
export class ManualClock {
  #now: number

  /**
   * `start` in epoch ms. Default: the first moment of 2100.
   * @example const clock = new ManualClock()
   */
  constructor(start: number = START) {
    this.#now = start
  }

  /**
   * Returns the time in epoch ms. It is bound, so that it can be passed as a function.
   * @example session({ now: clock.now })
   */
  readonly now = (): number => this.#now

  /**
   * Moves the clock by so many ms, back when below 0, and returns the new time in epoch ms.
   * @example clock.advance(60_000)
   */
  advance(ms: number): number {
    this.#now += ms
    return this.#now
  }
}
