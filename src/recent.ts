/** What was used last, by key: at least `most` entries, and at most twice as many. */
export class Recent {
  readonly #most: number
  #young = new Map<string, string>()
  #old = new Map<string, string>()

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

  set(key: string, value: string): void {
    this.#young.set(key, value)
    if (this.#young.size < this.#most) return
    this.#old = this.#young
    this.#young = new Map()
  }
}

/** A text of its own: one that was cut out of a Cookie header would keep all of that alive. */
export const detached = (text: string) => Buffer.from(text).toString()
