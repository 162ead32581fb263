import type { Replaced } from '../../../src/stores/contract.js'
import { type Bad, Rows } from '../rows.js'

const DAY = 86_400_000

/** When a record ends. */
export const DEADLINES: Record<string, Bad<Rows>> = {
  'nothing expires': [
    class extends Rows {
      override isOver() {
        return false
      }
    },
    'create: returns true and stores nothing',
    'replace: returns ok and ends the record',
    'load with touch: returns the value and ends the record',
    'an expired record is not loaded',
    'an expired key can be created again',
  ],
  'a deadline that has passed is refused': [
    class extends Rows {
      override async create(...args: [string, string, number]) {
        return args[2] > this.now() && super.create(...args)
      }
      override async touch(...args: [string, number]) {
        return args[1] > this.now() && super.touch(...args)
      }
    },
    'create: returns true and stores nothing',
    'touch: returns true and ends the record',
  ],
  'replace with a deadline that has passed compares nothing': [
    class extends Rows {
      override async replace(...args: [string, string, string, number]): Promise<Replaced> {
        if (args[3] > this.now()) return super.replace(...args)
        return { ok: await this.destroy(args[0]), current: undefined }
      }
    },
    'replace: still refuses another value',
  ],
  'create looks past the deadline': [
    class extends Rows {
      override async create(...args: [string, string, number]) {
        if (this.rows.has(args[0])) return false
        return super.create(...args)
      }
    },
    'an expired key can be created again',
  ],
  'load with a touch looks past the deadline': [
    class extends Rows {
      override async load(...args: [string, number?]) {
        const row = this.rows.get(args[0])
        if (row && args[1] !== undefined) row.expiresAt = args[1]
        return super.load(...args)
      }
    },
    'load with touch does not revive an expired record',
  ],
  'touch looks past the deadline': [
    class extends Rows {
      override async touch(key: string, expiresAt: number) {
        const row = this.rows.get(key)
        if (row) row.expiresAt = expiresAt
        return row !== undefined
      }
    },
    'touch does not revive an expired record',
  ],
  'replace looks past the deadline': [
    class extends Rows {
      override async replace(key: string, expected: string, value: string, end: number) {
        const row = this.rows.get(key)
        if (row?.value !== expected) return { ok: false as const, current: row?.value }
        this.put(key, value, end)
        return { ok: true } as const
      }
    },
    'replace does not match an expired record, not even by its value',
  ],
  'replace answers an expired record as the current one': [
    class extends Rows {
      override async replace(...args: [string, string, string, number]): Promise<Replaced> {
        const answer = await super.replace(...args)
        return answer.ok ? answer : { ok: false, current: this.rows.get(args[0])?.value }
      }
    },
    'replace does not match an expired record, not even by its value',
  ],
  'destroy looks past the deadline': [
    class extends Rows {
      override async destroy(key: string) {
        return this.rows.delete(key)
      }
    },
    'destroy returns false for an expired record',
  ],
  'every load extends': [
    class extends Rows {
      override load(key: string, touch = this.now() + DAY) {
        return super.load(key, touch)
      }
    },
    'load keeps the deadline',
  ],
  'load takes no touch': [
    class extends Rows {
      override load(key: string) {
        return super.load(key)
      }
    },
    'load with touch moves the deadline later',
    'load with touch moves the deadline earlier',
  ],
  'replace leaves the deadline': [
    class extends Rows {
      override replace(...[key, expected, value, end]: [string, string, string, number]) {
        return super.replace(key, expected, value, this.live(key)?.expiresAt ?? end)
      }
    },
    'replace moves the deadline later',
    'replace moves the deadline earlier',
  ],
  'replace extends even when it refuses': [
    class extends Rows {
      override async replace(...args: [string, string, string, number]) {
        await this.touch(args[0], args[3])
        return super.replace(...args)
      }
    },
    'a refused replace keeps the deadline',
  ],
  'create extends what is there': [
    class extends Rows {
      override async create(...args: [string, string, number]) {
        return !(await this.touch(args[0], args[2])) && super.create(...args)
      }
    },
    'a refused create keeps the deadline',
  ],
  'timers that nobody clears': [
    class extends Rows {
      readonly timers: [key: string, at: number][] = []
      override put(key: string, value: string, expiresAt: number) {
        this.timers.push([key, expiresAt])
        super.put(key, value, expiresAt)
      }
      override live(key: string) {
        for (const [name, at] of this.timers)
          if (name === key && at <= this.now()) this.rows.delete(key)
        return super.live(key)
      }
    },
    'the deadline of a destroyed record does not end the next one under its key',
    'touch moves the deadline later',
  ],
  'timers of 31 bits': [
    class extends Rows {
      override put(key: string, value: string, expiresAt: number) {
        super.put(key, value, expiresAt - this.now() < 2 ** 31 ? expiresAt : this.now() + 1)
      }
    },
    'deadlines of 400 days and of 100 years',
  ],
}
