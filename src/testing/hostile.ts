import { equal } from 'node:assert/strict'
import { tombstone } from '../record/tombstone.js'
import type { Group, Test } from './trial.js'
import { record, refuses, replaces, same } from './values.js'

const A = record('a')
const MEGABYTE = 1024 * 1024

/** Written by create and by replace, read by load and by a refusal. */
function survives(...values: string[]): Test {
  return async (trial) => {
    for (const value of values) {
      const key = await trial.stored(value)
      same(await trial.store.load(key), value)
      await refuses(trial.store, key, `${value}~`, value, trial.later)
      await replaces(trial.store, key, value, A, trial.later)
      await replaces(trial.store, key, A, value, trial.later)
      same(await trial.store.load(key, trial.later), value)
    }
  }
}

function survivesAs(shape: (value: string) => string, values: Record<string, string[]>) {
  return Object.fromEntries(
    Object.entries(values).map(([name, list]) => [name, survives(...list.map(shape))]),
  )
}

/** All keys hold their own record, and lose it alone. */
function apart(...ends: string[]): Test {
  return async (trial) => {
    const keys = ends.map((end) => trial.key(end))
    for (const key of keys) equal(await trial.store.create(key, record(key), trial.later), true)
    for (const key of keys) same(await trial.store.load(key, trial.later), record(key))
    for (const key of keys) {
      equal(await trial.store.destroy(key), true)
      equal(await trial.store.destroy(key), false)
    }
  }
}

const points = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => String.fromCodePoint(from + at)).join('')

// Surrogates are left out: no UTF-8 holds them alone, and JSON.stringify never writes them alone.
const PLANES = Array.from({ length: 17 }, (_, plane) => {
  const start = plane * 0x10000
  return (
    points(start + (plane === 0 ? 1 : 0), start + 0x80) + points(start + 0xff80, start + 0x10000)
  )
})

const TEXTS: Record<string, string[]> = {
  'NUL at the start, in the middle and at the end': ['\0a', 'a\0b', 'a\0', '\0'],
  'control characters and line breaks': [
    points(1, 0x20),
    points(0x7f, 0xa0),
    'a\r\nb\rc\nd\n',
    '\u2028',
  ],
  'quotes, backslashes and placeholders': [
    `'"\`\\\\`,
    `'; DROP TABLE sessions; --`,
    `$1 $$ :key @key ? %s %% \${a} {0}`,
    String.raw`\x00 \0 \n \u0000 &amp; %00`,
  ],
  'a byte order mark, and characters that are not seen': [
    '\uFEFFa',
    'a\u200B\u200D\u202E',
    '\uFFFD',
  ],
  'characters that look alike stay what they are': ['é', 'e\u0301', 'ﬁ', 'İi', '\u212B', '\u2126'],
  'every plane of Unicode': [...PLANES, PLANES.join('')],
  'white space at both ends': ['  a  ', '\ta\n', '\u00A0a\u3000'],
}

const PLAIN: Record<string, string[]> = {
  'an empty value': [''],
  'a tombstone, and what looks like one': [tombstone(4_102_444_800_000), '0e1', '0e99999999', '0'],
  'what another type would be written as': [
    ...['null', 'undefined', 'true', '1e400', '-0', '007', '9007199254740993', 'NaN'],
    ...['{}', '[]', '""', '2100-01-01T00:00:00.000Z', '[object Object]', 'AAAA', '\\x41'],
  ],
  'JSON that somebody could tidy up': ['{"b":1,  "a":2, "a":1.0}\n', '{"a":"\\u0041\\/"}', '{"a":'],
  'a megabyte': ['x'.repeat(MEGABYTE), points(0x4e00, 0x5200).repeat(MEGABYTE / 3072)],
}

const SESSIONS: Record<string, string[]> = {
  'a session of a megabyte': [record('x'.repeat(MEGABYTE - 1000))],
  'a session with a lone surrogate, escaped': [record('\uD800 \uDFFF')],
  'a session with keys that objects have already': [
    record({ constructor: 1, toString: 2, hasOwnProperty: 3, ['__proto__']: { isAdmin: true } }),
  ],
  'a session of nothing, and one of many levels': [
    '{"cookie":{}}',
    record(JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`)),
  ],
  'a session whose cookie has an end': [
    JSON.stringify({ cookie: { expires: new Date(4_102_444_800_000), maxAge: null } }),
  ],
}

/** What a value can be, and what a key can be. */
export const hostile: Group = {
  name: 'hostile values and keys',
  every: {
    ...survivesAs((value) => value, SESSIONS),
    ...survivesAs((text) => record({ [text]: text }), TEXTS),
    'keys that differ in case, or at their end': apart('abc', 'ABC', 'abC', 'abc1', 'abc-', 'ab'),
    'keys of all that an id may consist of': apart('a.b', 'a:b', 'a~b', 'a+b', 'a=b', 'a@b', 'a-b'),
    'keys that a pattern would mix up': apart('a_b', 'axb', 'a%', 'a*', 'a?b', '[a-z]', 'aa'),
    'keys of 300 characters': async (trial) => {
      const space = trial.key('').length
      const end = 'k'.repeat(299 - space)
      await apart(`${end}a`, `${end}b`, end)(trial)
    },
    // Read only: these keys are outside of what a trial has to itself.
    'keys that every object has hold nothing': async ({ store, later }) => {
      for (const key of ['propertyIsEnumerable', '__defineGetter__', '__lookupSetter__']) {
        same(await store.load(key), undefined)
        equal(await store.touch(key, later), false)
        equal(await store.destroy(key), false)
      }
    },
  },
  strong: survivesAs((value) => value, { ...PLAIN, ...prefixed('bare: ', TEXTS) }),
}

function prefixed(prefix: string, values: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(values).map(([name, list]) => [prefix + name, list]))
}
