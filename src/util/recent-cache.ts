const ONE_IN = 8

/** The texts that were used last, by key: at least `min` entries, and at most twice as many. */
export class RecentCache {
  readonly #min: number
  #young = new Map<string, string>()
  #old = new Map<string, string>()
  #offered = 0

  constructor(min: number) {
    this.#min = min
  }

  get(key: string): string | undefined {
    const value = this.#young.get(key)
    if (value !== undefined) return value
    const older = this.#old.get(key)
    if (older !== undefined) this.set(copyOf(key), older)
    return older
  }

  /**
   * Adds an entry; once the cache is full, one in eight. Adding a key that never comes again costs
   * more than a lookup. A key that comes often is added soon all the same.
   */
  offer(key: string, value: string): void {
    if (this.#old.size > 0 && this.#offered++ % ONE_IN !== 0) return
    this.set(copyOf(key), copyOf(value))
  }

  set(key: string, value: string): void {
    this.#young.set(key, value)
    if (this.#young.size < this.#min) return
    this.#old = this.#young
    this.#young = new Map()
  }
}

/** A slice of a Cookie header would keep the whole header alive. */
const copyOf = (text: string) => Buffer.from(text).toString()
