/** In how many turns the checks of a period are made. */
const SLOTS = 100
/** Multiples of it, modulo 1, are spread evenly however many there are. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2

/**
 * When each of many items is due: once in every period, spread evenly over it. Times are in ms, of a
 * clock that never goes back.
 */
export class CheckWheel<T> {
  readonly #width: number
  /** By their number; a slot is made when it gets its first item. */
  readonly #slots: Set<T>[] = []
  readonly #slotOf = new Map<T, Set<T>>()
  /** The last slot that was due, counted from time 0. */
  #position = 0
  #added = 0

  /** `period`: in ms. */
  constructor(period: number) {
    this.#width = period / SLOTS
  }

  get size(): number {
    return this.#slotOf.size
  }

  get items(): T[] {
    return [...this.#slotOf.keys()]
  }

  /** From now on the item is due once in every period, and within the first one. */
  add(item: T, now: number): void {
    if (this.size === 0) this.#position = this.#at(now)
    const number = Math.floor((++this.#added * GOLDEN_RATIO * SLOTS) % SLOTS)
    this.#slots[number] ??= new Set()
    const slot = this.#slots[number]
    slot.add(item)
    this.#slotOf.set(item, slot)
  }

  delete(item: T): void {
    this.#slotOf.get(item)?.delete(item)
    this.#slotOf.delete(item)
  }

  /** The items that became due since the last call. */
  due(now: number): T[] {
    const end = this.#at(now)
    const first = Math.max(this.#position + 1, end - SLOTS + 1)
    this.#position = Math.max(this.#position, end)
    const items: T[] = []
    for (let at = first; at <= end; at++) items.push(...(this.#slots[at % SLOTS] ?? []))
    return items
  }

  /** When the next item is due; undefined: there is none. */
  get next(): number | undefined {
    for (let at = this.#position + 1; at <= this.#position + SLOTS; at++)
      if (this.#slots[at % SLOTS]?.size) return at * this.#width
    return undefined
  }

  #at(time: number): number {
    return Math.floor(time / this.#width)
  }
}
