const ONE_IN = 8

/** What was used last, by key: at least `most` entries, and at most twice as many. */
export class Recent {
  readonly #most: number
  #young = new Map<string, string>()
  #old = new Map<string, string>()
  #offered = 0

  constructor(most: number) {
    this.#most = most
  }

  get(key: string): string | undefined {
    const value = this.#young.get(key)
    if (value !== undefined) return value
    const older = this.#old.get(key)
    if (older !== undefined) this.set(detached(key), older)
    return older
  }

  /**
   * Takes in something new. Once there is no room left, that is one in eight: to take in what will not come
   * again costs more than a look at it, and what comes often is taken in soon all the same.
   */
  offer(key: string, value: string): void {
    if (this.#old.size > 0 && this.#offered++ % ONE_IN !== 0) return
    this.set(detached(key), detached(value))
  }

  set(key: string, value: string): void {
    this.#young.set(key, value)
    if (this.#young.size < this.#most) return
    this.#old = this.#young
    this.#young = new Map()
  }
}

/** A text of its own: one that was cut out of a Cookie header would keep all of that alive. */
const detached = (text: string) => Buffer.from(text).toString()
