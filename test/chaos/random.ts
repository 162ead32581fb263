/** A seeded generator (mulberry32). Each actor has its own stream, so none shifts the choices of another. */
export class Random {
  #state: number

  constructor(seed: number, ...stream: (string | number)[]) {
    this.#state = stream.reduce<number>((state, part) => mix(state, String(part)), seed >>> 0)
  }

  /** From 0 (included) to 1 (excluded). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let word = this.#state
    word = Math.imul(word ^ (word >>> 15), word | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  pick<T>(values: readonly T[]): T {
    const value = values[Math.floor(this.next() * values.length)]
    if (value === undefined) throw new Error('There is nothing to pick from')
    return value
  }

  /** One of the names, each as often as its weight says. */
  weighted<T extends string>(weights: Partial<Record<T, number>>): T {
    const names = Object.keys(weights) as T[]
    const total = names.reduce((sum, name) => sum + (weights[name] ?? 0), 0)
    let left = this.next() * total
    for (const name of names) {
      left -= weights[name] ?? 0
      if (left < 0) return name
    }
    return this.pick(names)
  }

  shuffle<T>(values: readonly T[]): T[] {
    const keyed = values.map((value) => ({ value, at: this.next() }))
    return keyed.sort((a, b) => a.at - b.at).map(({ value }) => value)
  }
}

// FNV-1a over the text, seeded by the state.
function mix(state: number, text: string): number {
  let hash = (state ^ 0x811c9dc5) >>> 0
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0
  return hash
}
