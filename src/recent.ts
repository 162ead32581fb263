/** The texts that were used last: at least `most` of them, and at most twice as many. */
export class Recent {
  readonly #most: number
  #young = new Set<string>()
  #old = new Set<string>()

  constructor(most: number) {
    this.#most = most
  }

  has(text: string): boolean {
    if (this.#young.has(text)) return true
    if (!this.#old.has(text)) return false
    this.add(text)
    return true
  }

  add(text: string): void {
    this.#young.add(text)
    if (this.#young.size < this.#most) return
    this.#old = this.#young
    this.#young = new Set()
  }
}
