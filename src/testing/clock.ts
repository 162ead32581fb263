// Fixed, so that two runs are alike; in the future, so that a mix-up with the real time shows.
const START = Date.UTC(2100, 0, 1)

/** A clock that stands still until it is told to move. Pass `clock.now` wherever a `now` is asked for. */
export class ManualClock {
  #now: number

  /** `start` in epoch ms. Default: the first moment of 2100. */
  constructor(start: number = START) {
    this.#now = start
  }

  /** The time in epoch ms; bound, so that it can be handed on as it is. */
  readonly now = (): number => this.#now

  /** Moves on by so many ms (below 0: back), and says what time it is then. */
  advance(ms: number): number {
    this.#now += ms
    return this.#now
  }
}
