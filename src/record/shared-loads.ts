import { type Awaitable, isPromise } from '../util/async.js'
import { currentTurn } from '../util/turn.js'

type Load = Awaitable<string | undefined>

/**
 * Asks the store once for a key that several requests read in one turn of the event loop: a page
 * with many calls reads one session. A request that begins later asks again, as it must see what was
 * written before it began.
 */
export class SharedLoads {
  #turn = -1
  readonly #loads = new Map<string, Load>()

  load(key: string, read: () => Load): Load {
    const turn = currentTurn()
    if (turn !== this.#turn) {
      this.#turn = turn
      if (this.#loads.size > 0) this.#loads.clear()
    }
    const pending = this.#loads.get(key)
    if (pending !== undefined) return pending
    const load = read()
    if (isPromise(load)) this.#loads.set(key, load)
    return load
  }
}
