import { type Bad, type Kind, type Row, Rows } from '../rows.js'
import { parse, parsed } from './parsed.js'

/** What a store makes of a value or a key. */
export const KEPT: Record<string, Bad<Rows>> = {
  'a value ends at its NUL': [
    keeping((value) => value.replace(/\0.*/s, '')),
    'bare: NUL at the start, in the middle and at the end',
  ],
  'line breaks become one kind': [
    keeping((value) => value.replace(/\r\n?/g, '\n')),
    'bare: control characters and line breaks',
  ],
  'backslashes escape': [
    keeping((value) => value.replace(/\\(.)/gs, '$1')),
    'quotes, backslashes and placeholders',
    'bare: quotes, backslashes and placeholders',
    'a session with a lone surrogate, escaped',
    'NUL at the start, in the middle and at the end',
    'control characters and line breaks',
  ],
  'a byte order mark is taken off': [
    keeping((value) => value.replace(/\uFEFF/, '')),
    'a byte order mark and invisible characters',
    'bare: a byte order mark and invisible characters',
  ],
  'texts are normalized': [
    keeping((value) => value.normalize()),
    'look-alike characters are not normalized',
    'bare: look-alike characters are not normalized',
  ],
  'UTF-8 of three bytes': [
    keeping((value) => value.replace(/[\u{10000}-\u{10FFFF}]/gu, '?')),
    'every plane of Unicode',
    'bare: every plane of Unicode',
  ],
  'space is trimmed': [keeping((value) => value.trim()), 'bare: white space at both ends'],
  'space is squeezed': [keeping((value) => value.replace(/\s+/g, ' ')), 'white space at both ends'],
  'an empty value is null': [
    class extends Rows {
      override async load(...args: [string, number?]) {
        return (await super.load(...args)) || undefined
      }
    },
    'an empty value',
  ],
  'numbers are kept as numbers': [
    keeping((value) => (/^[-\d.e]+$/.test(value) ? String(Number(value)) : value)),
    'a tombstone and values that resemble one',
    'texts that parse as other types',
  ],
  'JSON is tidied up': [keeping(tidied), 'JSON that a parser would rewrite'],
  'a column of 64 kB': [
    keeping((value) => value.slice(0, 65_535)),
    'a megabyte',
    'a session of a megabyte',
    'a long value that differs only at its end does not match',
  ],
  'a session is assigned to another object': [
    keeping((value) => {
      const data = parse(value)
      return data ? JSON.stringify({ ...data, data: assigned(data.data) }) : value
    }),
    'a session with keys of Object.prototype',
  ],
  'a record with nothing in it is dropped': [
    keeping((value) => (value === '{"cookie":{}}' ? '' : value)),
    'an empty session and a deeply nested one',
  ],
  'dates are kept as numbers': [
    keeping((value) =>
      value.replace(/"expires":"(.*?)"/, (_, date) => `"expires":${+new Date(date)}`),
    ),
    'a session whose cookie has an expiry',
  ],
  'keys without case': [
    filing((key) => key.toLowerCase()),
    'keys that differ in case or at the end',
  ],
  'keys made fit for file names': [
    filing((key) => key.replace(/[^\w[\]*?%-]/g, '_')),
    'keys with every character that an id may have',
  ],
  'keys are patterns': [
    class extends Rows {
      override async destroy(key: string) {
        const pattern = new RegExp(`^${key.replace(/[*%]/g, '.*').replace(/[_?]/g, '.')}$`)
        const names = [...this.rows.keys()].filter((name) => name === key || pattern.test(name))
        return names.map((name) => this.rows.delete(name)).includes(true)
      }
    },
    'keys with pattern characters',
  ],
  'keys of 255 characters': [filing((key) => key.slice(0, 255)), 'keys of 300 characters'],
  'keys by their beginning': [
    class extends Rows {
      override filed(key: string) {
        return [...this.rows.keys()].find((name) => name.startsWith(key)) ?? key
      }
    },
    'keys are independent, even when one is a prefix of another',
  ],
  'an object is the table': [
    class extends Rows {
      readonly table: Record<string, Row> = {}
      override live(key: string) {
        const row = super.live(key) ?? this.table[key]
        return row && { ...row, value: String(row.value) }
      }
    },
    'keys named like properties of Object.prototype are absent',
  ],
}

function keeping(kept: (value: string) => string): Kind<Rows> {
  return class extends Rows {
    override kept = kept
  }
}

function filing(filed: (key: string) => string): Kind<Rows> {
  return class extends Rows {
    override filed = filed
  }
}

function tidied(value: string): string {
  return /^[{[]/.test(value) ? parsed(value) : value
}

// Assignment takes `__proto__` for what it says, where JSON.parse took it for a key.
function assigned(data: unknown): unknown {
  return typeof data === 'object' && !Array.isArray(data) ? Object.assign({}, data) : data
}
