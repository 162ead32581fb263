import { Session } from 'node:inspector'

/** Which blocks of the package ran, and how often, told by V8 in this very process. */
export class Coverage {
  #session = new Session()
  #wanted
  /** For each function its blocks; for each block, in which orders of magnitude one input ran it. */
  #functions = new Map()

  /** `wanted`: the URLs that count. What was loaded before is counted by functions only. */
  constructor(wanted) {
    this.#wanted = wanted
    this.#session.connect()
    this.#post('Profiler.enable')
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** How many blocks have run at all. */
  get blocks() {
    const all = [...this.#functions.values()].flatMap((blocks) => [...blocks.values()])
    return all.filter(({ reached }) => reached).length
  }

  /** Whether a block ran for the first time in what ran since the last call. */
  isNew() {
    return this.#take((block, count) => {
      const isFirst = count > 0 && !block.reached
      block.reached ||= isFirst
      return isFirst
    })
  }

  /** Whether one input alone, since the last call, ran a block as often as none did before. */
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
          // V8 leaves out what ran as often as the block around it: that one's count is its own.
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
