import { tombstoneUntil } from '../../../src/record/tombstone.js'
import type { Replaced } from '../../../src/stores/contract.js'
import { type Bad, Rows } from '../rows.js'

/** What a call does, and what it says that it did. */
export const ANSWERS: Record<string, Bad<Rows>> = {
  'load answers null': [
    class extends Rows {
      override async load(...args: [string, number?]) {
        return (await super.load(...args)) ?? (null as unknown as undefined)
      }
    },
    'load: returns undefined for a missing key',
  ],
  'create stores nothing': [
    class extends Rows {
      override async create(key: string) {
        return !this.live(key)
      }
    },
    'create: stores a record that load returns unchanged',
  ],
  'create overwrites': [
    class extends Rows {
      override async create(...args: [string, string, number]) {
        this.put(...args)
        return true
      }
    },
    'create: returns false for an existing key and keeps its record',
    'create: does not end an existing record',
    'of concurrent creates of one key, one returns true',
  ],
  'create overwrites, and says false': [
    class extends Rows {
      override async create(...args: [string, string, number]) {
        const free = !this.live(args[0])
        this.put(...args)
        return free
      }
    },
    'create: returns false for an existing key and keeps its record',
    'a refused create keeps the deadline',
  ],
  'create of the same value says true': [
    class extends Rows {
      override async create(...args: [string, string, number]) {
        return (await super.create(...args)) || this.live(args[0])?.value === args[1]
      }
    },
    'create: returns false even for an equal value',
  ],
  'create takes a tombstone for a free key': [
    class extends Rows {
      override async create(...args: [string, string, number]) {
        const row = this.live(args[0])
        if (row && tombstoneUntil(row.value) !== undefined) this.rows.delete(args[0])
        return super.create(...args)
      }
    },
    'create: returns false for a key that holds a tombstone',
  ],
  'replace writes whatever is there': [
    class extends Rows {
      override async replace(key: string, _: string, value: string, end: number) {
        this.put(key, value, end)
        return { ok: true } as const
      }
    },
    'replace: refuses another value, returns the current one and keeps it',
    'replace: never creates',
    'replace: still refuses another value',
    'of concurrent replaces of one value, one writes and the others return its value',
  ],
  'replace creates': [
    class extends Rows {
      override async replace(...args: [string, string, string, number]): Promise<Replaced> {
        if (this.live(args[0])) return super.replace(...args)
        this.put(args[0], args[2], args[3])
        return { ok: true }
      }
    },
    'replace: never creates',
    'a destroyed record is gone for every call',
    'destroy wins over every replace',
  ],
  'replace says ok and writes nothing': [
    class extends Rows {
      override async replace(key: string) {
        return this.live(key) ? ({ ok: true } as const) : { ok: false as const, current: undefined }
      }
    },
    'replace: overwrites the expected value',
  ],
  'replace answers null for gone': [
    class extends Rows {
      override async replace(...args: [string, string, string, number]): Promise<Replaced> {
        const answer = await super.replace(...args)
        return answer.ok ? answer : { ok: false, current: answer.current ?? (null as never) }
      }
    },
    'replace: never creates',
  ],
  'replace answers what was expected as the current value': [
    class extends Rows {
      override async replace(...args: [string, string, string, number]): Promise<Replaced> {
        const answer = await super.replace(...args)
        return answer.ok || !answer.current ? answer : { ok: false, current: args[1] }
      }
    },
    'a refused replace succeeds with the value that it returned',
    'concurrent increments by replace and retry lose none',
  ],
  'replace counts the rows that changed': [
    class extends Rows {
      override async replace(...args: [string, string, string, number]): Promise<Replaced> {
        if (args[1] === args[2]) return { ok: false, current: this.live(args[0])?.value }
        return super.replace(...args)
      }
    },
    'replacing a value by itself succeeds',
  ],
  'touch creates': [
    class extends Rows {
      override async touch(key: string, expiresAt: number) {
        this.put(key, this.live(key)?.value ?? '{}', expiresAt)
        return true
      }
    },
    'touch: returns false for a missing key and never creates',
    'a destroyed record is gone for every call',
    'destroy wins over every touch',
  ],
  'touch answers nothing': [
    class extends Rows {
      override async touch(...args: [string, number]) {
        await super.touch(...args)
        return undefined as unknown as boolean
      }
    },
    'touch: returns true for a record and keeps its value',
  ],
  'touch does nothing': [
    class extends Rows {
      override async touch(key: string) {
        return this.live(key) !== undefined
      }
    },
    'touch moves the deadline later',
    'touch moves the deadline earlier',
    'touch: returns true and ends the record',
  ],
  'load with a touch creates': [
    class extends Rows {
      override async load(...args: [string, number?]) {
        const [key, touch] = args
        if (touch !== undefined && !this.live(key)) this.put(key, '{}', touch)
        return super.load(...args)
      }
    },
    'load with touch: returns the value and never creates',
    'destroy wins over every load with touch',
  ],
  'destroy always says true': [
    class extends Rows {
      override async destroy(key: string) {
        await super.destroy(key)
        return true
      }
    },
    'destroy: returns false for a missing key',
    'destroy returns false for an expired record',
    'of concurrent destroys of one record, one returns true',
  ],
  'destroy answers nothing': [
    class extends Rows {
      override async destroy(key: string) {
        await super.destroy(key)
        return undefined as unknown as boolean
      }
    },
    'destroy: removes a record and returns true',
  ],
  'destroy leaves the record': [
    class extends Rows {
      override async destroy(key: string) {
        return this.live(key) !== undefined
      }
    },
    'destroy: removes a record and returns true',
  ],
  'destroy leaves the key taken': [
    class extends Rows {
      readonly taken = new Set<string>()
      override async create(...args: [string, string, number]) {
        return !this.taken.has(args[0]) && super.create(...args)
      }
      override async destroy(key: string) {
        this.taken.add(key)
        return super.destroy(key)
      }
    },
    'a destroyed key can be created again',
    'after destroy and create, the new record is compared',
  ],
}
