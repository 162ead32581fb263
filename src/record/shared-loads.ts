import { currentTurn } from '../util/turn.js'

type Load = Promise<string | undefined>

/**
 * The reads that began in this turn of the event loop, by key. Requests that come together ask the
 * store once for one key: a page with many calls reads one session. A request that begins later asks
 * again, as it must see what was written before it began.
 */
export class SharedLoads {
  #turn = -1
  readonly #loads = new Map<string, Load>()

  /** The read of a key that began in this turn. */
  pending(key: string): Load | undefined {
    if (this.#loads.size === 0) return undefined
    if (currentTurn() === this.#turn) return this.#loads.get(key)
    this.#loads.clear()
    return undefined
  }

  add(key: string, load: Load): void {
    this.#turn = currentTurn()
    this.#loads.set(key, load)
  }
}
