import type { Replaced } from '../../../src/stores/contract.js'
import { type Bad, Rows, tick } from '../rows.js'

/** What happens between a read and a write. */
export const RACES: Record<string, Bad<Rows>> = {
  'replace reads, and then writes': [
    class extends Rows {
      override async replace(...args: [string, string, string, number]): Promise<Replaced> {
        const current = await this.load(args[0])
        await tick()
        if (current !== args[1]) return { ok: false, current }
        this.put(args[0], args[2], args[3])
        return { ok: true }
      }
    },
    'concurrent increments by replace and retry lose none',
    'of concurrent replaces of one value, one writes and the others return its value',
    'destroy wins over every replace',
  ],
  'create reads, and then writes': [
    class extends Rows {
      override async create(...args: [string, string, number]) {
        if (await this.load(args[0])) return false
        await tick()
        this.put(...args)
        return true
      }
    },
    'of concurrent creates of one key, one returns true',
    'create during destroy: the answers match what is stored',
  ],
  'touch reads, and then writes': [
    class extends Rows {
      override async touch(key: string, expiresAt: number) {
        const value = await this.load(key)
        await tick()
        if (value !== undefined) this.put(key, value, expiresAt)
        return value !== undefined
      }
    },
    'destroy wins over every touch',
    'touch never restores an older value',
  ],
  'load with a touch reads, and then writes': [
    class extends Rows {
      override async load(key: string, touch?: number) {
        const value = await super.load(key)
        if (touch === undefined || value === undefined) return value
        await tick()
        this.put(key, value, touch)
        return value
      }
    },
    'destroy wins over every load with touch',
    'load with touch never restores an older value',
  ],
  'destroy reads, and then removes': [
    class extends Rows {
      override async destroy(key: string) {
        const live = (await this.load(key)) !== undefined
        await tick()
        this.rows.delete(key)
        return live
      }
    },
    'of concurrent destroys of one record, one returns true',
  ],
  'all records are in one file': [
    class extends Rows {
      override async replace(...args: [string, string, string, number]) {
        const file = new Map(this.rows)
        const answer = await super.replace(...args)
        const row = this.rows.get(args[0])
        await tick()
        if (answer.ok && row) this.rows = file.set(args[0], row)
        return answer
      }
    },
    'writers of different keys do not affect each other',
  ],
}
