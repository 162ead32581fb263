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
    'create: says true, and stores nothing',
    'replace: writes, which is to say it ends the record',
    'load with a touch: answers the value, and ends the record',
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
    'create: says true, and stores nothing',
    'touch: says true, and ends the record',
  ],
  'replace with a deadline that has passed compares nothing': [
    class extends Rows {
      override async replace(...args: [string, string, string, number]): Promise<Replaced> {
        if (args[3] > this.now()) return super.replace(...args)
        return { ok: await this.destroy(args[0]), current: undefined }
      }
    },
    'replace: another value is refused as ever',
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
    'an expired record is not brought back by load with a touch',
  ],
  'touch looks past the deadline': [
    class extends Rows {
      override async touch(key: string, expiresAt: number) {
        const row = this.rows.get(key)
        if (row) row.expiresAt = expiresAt
        return row !== undefined
      }
    },
    'an expired record is not brought back by touch',
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
    'an expired record is gone for replace, even for the value it had',
  ],
  'replace answers an expired record as the current one': [
    class extends Rows {
      override async replace(...args: [string, string, string, number]): Promise<Replaced> {
        const answer = await super.replace(...args)
        return answer.ok ? answer : { ok: false, current: this.rows.get(args[0])?.value }
      }
    },
    'an expired record is gone for replace, even for the value it had',
  ],
  'destroy looks past the deadline': [
    class extends Rows {
      override async destroy(key: string) {
        return this.rows.delete(key)
      }
    },
    'an expired record is nothing to destroy',
  ],
  'every load extends': [
    class extends Rows {
      override load(key: string, touch = this.now() + DAY) {
        return super.load(key, touch)
      }
    },
    'load leaves the deadline',
  ],
  'load takes no touch': [
    class extends Rows {
      override load(key: string) {
        return super.load(key)
      }
    },
    'load with a touch moves the deadline in the same call, later',
    'load with a touch moves the deadline in the same call, sooner',
  ],
  'replace leaves the deadline': [
    class extends Rows {
      override replace(...[key, expected, value, end]: [string, string, string, number]) {
        return super.replace(key, expected, value, this.live(key)?.expiresAt ?? end)
      }
    },
    'replace sets its own deadline, later',
    'replace sets its own deadline, sooner',
  ],
  'replace extends even when it refuses': [
    class extends Rows {
      override async replace(...args: [string, string, string, number]) {
        await this.touch(args[0], args[3])
        return super.replace(...args)
      }
    },
    'replace, refused, leaves the deadline',
  ],
  'create extends what is there': [
    class extends Rows {
      override async create(...args: [string, string, number]) {
        return !(await this.touch(args[0], args[2])) && super.create(...args)
      }
    },
    'create, refused, leaves the deadline',
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
    'the deadline of a destroyed record does not end its successor',
    'touch moves the deadline, later',
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
