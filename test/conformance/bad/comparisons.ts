import type { Replaced } from '../../../src/stores/contract.js'
import { type Bad, type Kind, Rows } from '../rows.js'
import { parsed } from './parsed.js'

/** What `replace` takes for the same. */
export const COMPARISONS: Record<string, Bad<Rows>> = {
  'only the beginning is compared': [
    comparing((current, expected) => current.startsWith(expected)),
    'the beginning of the stored value does not match',
    'an empty string matches no record',
  ],
  'only what the record has is compared': [
    comparing((current, expected) => expected.startsWith(current)),
    'a longer value that begins with the stored one does not match',
    'a NUL at the end counts',
  ],
  'only the first kilobyte is compared': [
    comparing((current, expected) => current.slice(0, 1024) === expected.slice(0, 1024)),
    'a long value that differs only at its end does not match',
  ],
  'a collation without case and without accents': [
    comparing((a, b) => a.localeCompare(b, 'en', { sensitivity: 'base' }) === 0),
    'upper and lower case count',
    'an accent counts',
    'another Unicode normalization does not match',
  ],
  'a collation that pads': [
    comparing((current, expected) => current.trimEnd() === expected.trimEnd()),
    'white space at the end counts',
  ],
  'trimmed texts are compared': [
    comparing((current, expected) => current.trim() === expected.trim()),
    'white space at the start counts',
  ],
  'JSON is compared': [
    comparing((current, expected) => parsed(current) === parsed(expected)),
    'equal JSON with other white space does not match',
  ],
  'LIKE compares': [
    comparing((current, expected) =>
      expected.endsWith('%') ? current.startsWith(expected.slice(0, -1)) : current === expected,
    ),
    'the expected value is not a LIKE pattern',
  ],
  'a regular expression compares': [
    comparing((current, expected) => current === expected || expected === '.*'),
    'the expected value is not a regular expression',
  ],
  'loose equality': [
    comparing((current, expected) => current === expected || Number(current) === Number(expected)),
    'equal numbers in different spellings do not match',
  ],
  'a falsy record is none': [
    class extends Rows {
      override live(key: string) {
        const row = super.live(key)
        return row?.value ? row : undefined
      }
    },
    'an empty value counts as a record',
  ],
  'a hidden version is compared': [
    class extends Rows {
      readonly written = new Map<string, Set<string>>()
      override async replace(...args: [string, string, string, number]): Promise<Replaced> {
        const written = this.written.get(args[0]) ?? new Set()
        if (written.has(args[2])) return { ok: false, current: this.live(args[0])?.value }
        this.written.set(args[0], written.add(args[1]))
        return super.replace(...args)
      }
    },
    'only the value counts, not its history: a, b and a again match a',
  ],
  'the first value of a key is remembered': [
    class extends Rows {
      readonly first = new Map<string, string>()
      override async create(...args: [string, string, number]) {
        if (!this.first.has(args[0])) this.first.set(args[0], args[1])
        return super.create(...args)
      }
      override async replace(...args: [string, string, string, number]): Promise<Replaced> {
        const row = this.live(args[0])
        const known = row && this.first.get(args[0]) === args[1]
        return super.replace(args[0], known ? row.value : args[1], args[2], args[3])
      }
    },
    'after destroy and create, the new record is compared',
  ],
  'a value is written over the one before': [
    class extends Rows {
      override put(key: string, value: string, expiresAt: number) {
        const before = this.rows.get(key)?.value ?? ''
        super.put(key, value + before.slice(value.length), expiresAt)
      }
    },
    'a short value overwrites all of a long one',
  ],
}

function comparing(equal: (current: string, expected: string) => boolean): Kind<Rows> {
  return class extends Rows {
    override equal = equal
  }
}
