import fc from 'fast-check'
import { ATTRIBUTES, DATE, named, odd, often, text, words, written } from './common.js'

const attributes = fc
  .tuple(
    fc.dictionary(often(named, text(8)), odd, { maxKeys: 6 }),
    often(fc.array(named), odd),
    fc.boolean(),
  )
  .map(([known, own, all]) => ({ ...known, own: all ? ATTRIBUTES : own }))

const NAMES = words(
  '__proto__ constructor prototype toString valueOf hasOwnProperty then save isNew cookie regenerate update toJSON length 0 a b @half',
)
const dataKey = often(fc.constantFrom(...NAMES, ''), text(6))
const peers = fc.record(
  {
    _expire: fc.oneof(fc.constant(4_102_444_800_000), odd),
    _maxAge: fc.oneof(fc.constant(60_000), odd),
    _session: fc.oneof(fc.constant(true), odd),
  },
  { requiredKeys: [] },
)
const record = fc
  .tuple(
    fc.dictionary(dataKey, fc.oneof(odd, fc.constant({ ['__proto__']: { polluted: true } }))),
    often(attributes, odd),
    fc.oneof(fc.constant({}), peers),
  )
  .map(([data, cookie, peer]) => written({ ...data, ...peer, cookie }))

const OURS = [
  '{"a":1,"b":{"c":[2,"3"]},"cookie":{"sameSite":"lax","maxAge":null,"own":[]}}',
  '{"a":1,"cookie":{"sameSite":"lax","maxAge":60000,"own":["maxAge"],"created":4102444800000}}',
  '{"a":1,"_expire":4102444800000,"_maxAge":86400000}',
  '{"a":1,"_session":true}',
  `{"a":1,"cookie":{"path":"/","httpOnly":true,"overwrite":true,"maxAge":null,"expires":"${DATE}"}}`,
]
const mutated = fc
  .tuple(
    fc.constantFrom(...OURS),
    fc.array(
      fc.tuple(
        fc.nat({ max: 120 }),
        fc.nat({ max: 8 }),
        often(fc.constantFrom('{', '"', '0', 'e9', ','), text(3)),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([whole, cuts]) =>
    cuts.reduce((now, [at, length, put]) => now.slice(0, at) + put + now.slice(at + length), whole),
  )

const nested = fc
  .tuple(
    fc.constantFrom(10, 500, 20_000),
    fc.constantFrom<[string, string]>(['[', ']'], ['{"a":', '}']),
    fc.constantFrom('', 'a', '__proto__', 'cookie'),
    fc.boolean(),
  )
  .map(([depth, [open, close], key, whole]) => {
    const deep = `${open.repeat(depth)}0${whole ? close.repeat(depth) : ''}`
    return key ? `{"b":1,"${key}":${deep}}` : deep
  })

const ENDED = ['0e12', '0E12', '0e+12', '-0e12', ' 0e12', '0e12\n', '0e', '0e1.5', '0e12,', '00e12']
const tombstones = often(
  fc.constantFrom(...ENDED),
  fc.bigInt({ min: 0n, max: 10n ** 30n }).map((until) => `0e${until}`),
  fc.constant(`0e${'9'.repeat(400)}`),
)

// How this package ends a record whose session altered nothing.
const TAIL = '"cookie":{"sameSite":"lax","maxAge":null,"own":[]}}'
const DEEP = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`

/** What was found once, as small as it gets. */
export const FOUND = [
  DEEP,
  DEEP.slice(5, -1),
  '{"a":1,"cookie":{"created":1e999}}',
  '{"a":1,"cookie":{"created":1.5,"own":0}}',
  '{"a":1,"cookie":{"maxAge":1000.5,"own":["maxAge"]}}',
  '{"a":1,"cookie":{"until":4102444800000.5}}',
  '{"a":1,"cookie":{"until":1e999}}',
  '{"a":1,"_expire":4102444800000.5,"_maxAge":1000.5}',
  '{"a":1,"_expire":1e999,"_maxAge":1000}',
  '{"a":1,"_expire":4102444800000,"_maxAge":1e999}',
  '{"_session":true,"cookie":{"data":true}}',
  '{"cookie":{"expires":{"toString":1}}}',
  '{"cookie":{"sameSite":["lax"],"own":["sameSite"]}}',
  '{"cookie":{"priority":["low"],"own":["priority"]}}',
  '{"cookie":{"sameSite":"none","secure":false,"own":["sameSite","secure"]}}',
  '0e99999999999999999999',
  '[1]',
  '1e999',
  `{"a":1 ${TAIL}`,
  `{"a":1,"cookie":{"expires":"2000-01-01"},${TAIL}`,
  `{"a":1,"_expire":1,"_maxAge":1000,${TAIL}`,
]

/** A value that a store hands out. */
export const payload = fc.oneof(
  { weight: 8, arbitrary: record },
  { weight: 3, arbitrary: mutated },
  { weight: 1, arbitrary: fc.constantFrom(...OURS) },
  { weight: 1, arbitrary: nested },
  { weight: 1, arbitrary: tombstones },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: text(50) },
)
