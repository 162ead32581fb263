import fc from 'fast-check'

// Input of an attacker, or of a mistake: headers, records, options.

export const words = (list: string) => list.split(' ')

export const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength })

/** Mostly the first. */
export const often = <T>(first: fc.Arbitrary<T>, ...rest: fc.Arbitrary<T>[]) =>
  fc.oneof({ weight: 2 * rest.length, arbitrary: first }, ...rest)

// What JSON can hold that JSON.stringify never writes.
const UNWRITTEN = { '@huge': '1e999', '@less': '-1e999', '@zero': '-0', '@half': '"\\ud800"' }
export const written = (value: unknown) =>
  Object.entries(UNWRITTEN).reduce(
    (json, [mark, raw]) => json.replaceAll(`"${mark}"`, raw),
    JSON.stringify(value) ?? 'null',
  )

export const DATE = '2100-01-01T00:00:00.000Z'
const NUMBERS = [0, 1, -1, 1.5, 4_102_444_800_000, 4_102_444_800_000.5, 8.64e15, 9e15, 1e300]
const WORDS = words(`lax STRICT none low / /x a.example 2000-01-01 ${DATE} @huge @less @zero @half`)
const LISTS = [['lax'], ['low'], [DATE], [['/']], []]
const OBJECTS = [JSON.parse('{"toString":1}'), JSON.parse('{"valueOf":1,"toString":null}'), {}]

/** JSON where something else was meant. */
export const odd = fc.oneof(
  fc.constantFrom<unknown>(...NUMBERS, ...WORDS, ...LISTS, ...OBJECTS, '', true, false, null),
  fc.jsonValue({ maxDepth: 2 }),
)

export const ATTRIBUTES = words(
  'path domain httpOnly secure sameSite signed overwrite maxAge maxage rewrite expires priority partitioned',
)
const BESIDE = words('own base created until data __proto__ constructor toString')

/** What a record may keep under `cookie`, and what it may not. */
export const named = fc.constantFrom(...ATTRIBUTES, ...BESIDE)
