import { Session } from 'node:inspector'

/** Counts how often each block of the package ran, by V8's coverage of this process. */
export class Coverage {
  #session = new Session()
  #wanted
  /** The blocks of each function, with the orders of magnitude of their counts in single inputs. */
  #functions = new Map()

  /** `wanted` matches the URLs to count. Modules that are already loaded are counted by function only. */
  constructor(wanted) {
    this.#wanted = wanted
    this.#session.connect()
    this.#post('Profiler.enable')
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** The number of blocks that have run. */
  get blocks() {
    const all = [...this.#functions.values()].flatMap((blocks) => [...blocks.values()])
    return all.filter(({ reached }) => reached).length
  }

  /** Whether a block ran for the first time since the last call. */
  isNew() {
    return this.#take((block, count) => {
      const isFirst = count > 0 && !block.reached
      block.reached ||= isFirst
      return isFirst
    })
  }

  /** Whether the only input since the last call ran a block in a new order of magnitude. */
  isUnlike() {
    return this.#take((block, count) => {
      const order = Math.ceil(Math.log2(count + 1))
      const isFirst = !block.orders.has(order)
      block.orders.add(order)
      return isFirst
    })
  }

  #take(note) {
    const { result } = this.#post('Profiler.takePreciseCoverage')
    let fresh = false
    for (const { url, functions } of result) {
      if (!this.#wanted.test(url)) continue
      for (const { ranges } of functions) {
        for (const block of this.#blocksOf(url, ranges)) {
          // V8 omits a block that ran as often as the one around it, so the enclosing count holds.
          const { count } = ranges.findLast(
            ({ startOffset, endOffset }) => startOffset <= block.start && endOffset >= block.end,
          )
          if (note(block, count)) fresh = true
        }
      }
    }
    return fresh
  }

  #blocksOf(url, ranges) {
    const [whole] = ranges
    const place = `${url}:${whole.startOffset}-${whole.endOffset}`
    if (!this.#functions.has(place)) this.#functions.set(place, new Map())
    const blocks = this.#functions.get(place)
    for (const { startOffset: start, endOffset: end } of ranges) {
      const key = `${start}-${end}`
      if (!blocks.has(key)) blocks.set(key, { start, end, orders: new Set(), reached: false })
    }
    return blocks.values()
  }

  #post(method, params) {
    let answer
    this.#session.post(method, params, (error, result) => {
      if (error) throw new Error(error.message)
      answer = result
    })
    return answer
  }
}
