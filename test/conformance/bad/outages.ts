import { FaultyStore } from '../../../src/testing.js'
import { type Bad, Rows } from '../rows.js'

/** A store that can be taken down. */
export class Fragile extends FaultyStore {
  constructor(now: () => number) {
    super(new Rows(now))
  }
}

/** What a store says while what is behind it is away, and afterwards. */
export const OUTAGES: Record<string, Bad<Fragile>> = {
  'a failure is taken for an absent session': [
    class extends Fragile {
      override async load(...args: [string, number?]) {
        try {
          return await super.load(...args)
        } catch {
          return undefined
        }
      }
    },
    'while the store is down, every call rejects',
  ],
  'a failed write is swallowed': [
    class extends Fragile {
      override async create(...args: [string, string, number]) {
        return Promise.resolve(super.create(...args)).catch(() => true)
      }
    },
    'while the store is down, every call rejects',
  ],
  'a call waits without end': [
    class extends Fragile {
      override async touch(...args: [string, number]) {
        return Promise.resolve(super.touch(...args)).catch(() => new Promise<never>(() => {}))
      }
    },
    'while the store is down, every call rejects',
  ],
  'it stays down': [
    class extends Fragile {
      override up() {}
    },
    'after an outage the same instance works again',
  ],
  'a cursor from before an outage is taken for the end': [
    class extends Fragile {
      #outages = 0
      constructor(now: () => number) {
        super(now)
        const scan = this.scan
        Object.assign(this, {
          scan: async (prefix: string, cursor?: string, count?: number) => {
            const [outage, position] = cursor?.split('|') ?? [`${this.#outages}`]
            if (Number(outage) !== this.#outages) return { records: [], cursor: undefined }
            const page = await scan?.(prefix, position, count)
            return { ...page, cursor: page?.cursor && `${outage}|${page.cursor}` }
          },
        })
      }
      override up() {
        this.#outages++
        super.up()
      }
    },
    'a scan that continues after an outage misses no record',
  ],
  'it says nothing': [
    class extends Fragile {
      override on() {
        return this
      }
    },
    'a store with events emits disconnect and connect',
  ],
}
