import fc from 'fast-check'
import { MemoryStore } from '../../../src/index.js'
import { ATTRIBUTES, named, odd, often, words, written } from './common.js'

const nothing = () => undefined
const bare: unknown = Object.create(null)
const older = { get: nothing, set: nothing, destroy: nothing }
const NUMBERS = [0, -0, 1, 0.5, 1000, -1, 1e21, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY]
const WORDS = words('sid sid; __Host-sid / /; a.example lax none low mine sha256')
const OBJECTS = [
  { toString: 1 },
  { toString: null, valueOf: null },
  ['lax'],
  ['low'],
  [['/']],
  bare,
]
const DATES = [new Date(0), new Date(Number.NaN)]
const PARTS = [
  ...[
    ...DATES.map((date) => ({ sha1Until: date })),
    ...DATES.map((date) => ({ plainUntil: date })),
  ],
  ...[{ keys: ['x'.repeat(32)] }, { keys: [1, null, {}, ''] }, new MemoryStore(), older],
  ...[
    { ...older, on: 1 },
    { load: nothing, get: 1 },
    { get: nothing, set: nothing, reset: nothing },
  ],
]
const OTHERS = [
  true,
  false,
  null,
  undefined,
  10n,
  '',
  Symbol('s'),
  /x/,
  new Map(),
  nothing,
  DATES[0],
]
const value = often(
  fc.constantFrom<unknown>(...NUMBERS, ...WORDS, ...OBJECTS, ...PARTS, ...OTHERS, DATES[1]),
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
)
const cookie = fc.dictionary(often(fc.constantFrom(...ATTRIBUTES), named), value, { maxKeys: 4 })

/** What was no SessionError once. */
export const FOUND_OPTIONS: unknown[] = [
  { sessionIdStore: 1 },
  { cookie: { sameSite: { toString: 1 } } },
  { cookie: { priority: bare } },
  { cookie: { priority: ['low'] } },
  { store: { ...older, on: 1 } },
]

/** Options of these names, and what is no options object at all. */
export const optionsOf = (names: string[]) => {
  const some = fc.dictionary(often(fc.constantFrom(...names), named), value, { maxKeys: 3 })
  const withCookie = fc.tuple(some, cookie).map(([rest, own]) => ({ ...rest, cookie: own }))
  return often<unknown>(some, withCookie, value)
}

/** Options as a configuration file would hold them. */
export const jsonOptionsOf = (names: string[]) => {
  const key = fc.constantFrom(...names, ...ATTRIBUTES, '__proto__', 'constructor', 'prototype')
  const inner = fc.dictionary(key, odd, { maxKeys: 3 })
  return fc.dictionary(key, fc.oneof(inner, odd), { maxKeys: 3 }).map(written)
}
