import { equal } from 'node:assert/strict'
import type { Group, Test } from './context.js'
import { assertRefused, assertReplaced, assertValue, recordOf, TOMBSTONE } from './values.js'

const A = recordOf('a')
const MEGABYTE = 1024 * 1024

/** Values come back unchanged from `load` and from a refused `replace`. */
function roundTrips(...values: string[]): Test {
  return async (t) => {
    for (const value of values) {
      const key = await t.createRecord(value)
      assertValue(await t.store.load(key), value)
      await assertRefused(t.store, key, `${value}~`, value, t.later)
      await assertReplaced(t.store, key, value, A, t.later)
      await assertReplaced(t.store, key, A, value, t.later)
      assertValue(await t.store.load(key, t.later), value)
    }
  }
}

function roundTripsEach(shape: (value: string) => string, values: Record<string, string[]>) {
  return Object.fromEntries(
    Object.entries(values).map(([name, list]) => [name, roundTrips(...list.map(shape))]),
  )
}

/** Every key has a record of its own, and destroying one leaves the others. */
function areIndependent(...ends: string[]): Test {
  return async (t) => {
    const keys = ends.map((end) => t.key(end))
    for (const key of keys) equal(await t.store.create(key, recordOf(key), t.later), true)
    for (const key of keys) assertValue(await t.store.load(key, t.later), recordOf(key))
    for (const key of keys) {
      equal(await t.store.destroy(key), true)
      equal(await t.store.destroy(key), false)
    }
  }
}

const points = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => String.fromCodePoint(from + at)).join('')

// Without lone surrogates: UTF-8 cannot encode them, and JSON.stringify escapes them.
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
  'a byte order mark and invisible characters': ['\uFEFFa', 'a\u200B\u200D\u202E', '\uFFFD'],
  'look-alike characters are not normalized': ['é', 'e\u0301', 'ﬁ', 'İi', '\u212B', '\u2126'],
  'every plane of Unicode': [...PLANES, PLANES.join('')],
  'white space at both ends': ['  a  ', '\ta\n', '\u00A0a\u3000'],
}

const PLAIN: Record<string, string[]> = {
  'an empty value': [''],
  'a tombstone and values that resemble one': [TOMBSTONE, '0e1', '0e99999999', '0'],
  'texts that parse as other types': [
    ...['null', 'undefined', 'true', '1e400', '-0', '007', '9007199254740993', 'NaN'],
    ...['{}', '[]', '""', '2100-01-01T00:00:00.000Z', '[object Object]', 'AAAA', '\\x41'],
  ],
  'JSON that a parser would rewrite': ['{"b":1,  "a":2, "a":1.0}\n', '{"a":"\\u0041\\/"}', '{"a":'],
  'a megabyte': ['x'.repeat(MEGABYTE), points(0x4e00, 0x5200).repeat(MEGABYTE / 3072)],
}

const SESSIONS: Record<string, string[]> = {
  'a session of a megabyte': [recordOf('x'.repeat(MEGABYTE - 1000))],
  'a session with a lone surrogate, escaped': [recordOf('\uD800 \uDFFF')],
  'a session with keys of Object.prototype': [
    recordOf({ constructor: 1, toString: 2, hasOwnProperty: 3, ['__proto__']: { isAdmin: true } }),
  ],
  'an empty session and a deeply nested one': [
    '{"cookie":{}}',
    recordOf(JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`)),
  ],
  'a session whose cookie has an expiry': [
    JSON.stringify({ cookie: { expires: '2100-01-01T00:00:00.000Z', maxAge: null } }),
  ],
}

/** Unusual values and keys. */
export const hostile: Group = {
  name: 'hostile values and keys',
  every: {
    ...roundTripsEach((value) => value, SESSIONS),
    ...roundTripsEach((text) => recordOf({ [text]: text }), TEXTS),
    'keys that differ in case or at the end': areIndependent(
      'abc',
      'ABC',
      'abC',
      'abc1',
      'abc-',
      'ab',
    ),
    'keys with every character that an id may have': areIndependent(
      'a.b',
      'a:b',
      'a~b',
      'a+b',
      'a=b',
      'a@b',
      'a-b',
    ),
    'keys with pattern characters': areIndependent('a_b', 'axb', 'a%', 'a*', 'a?b', '[a-z]', 'aa'),
    'keys of 300 characters': async (t) => {
      const space = t.key('').length
      const end = 'k'.repeat(299 - space)
      await areIndependent(`${end}a`, `${end}b`, end)(t)
    },
    // Nothing is created here: these keys have no prefix, so they may belong to others.
    'keys named like properties of Object.prototype are absent': async ({ store, later }) => {
      for (const key of ['propertyIsEnumerable', '__defineGetter__', '__lookupSetter__']) {
        assertValue(await store.load(key), undefined)
        equal(await store.touch(key, later), false)
        equal(await store.destroy(key), false)
      }
    },
  },
  strong: roundTripsEach((value) => value, { ...PLAIN, ...prefixed('bare: ', TEXTS) }),
}

function prefixed(prefix: string, values: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(values).map(([name, list]) => [prefix + name, list]))
}
