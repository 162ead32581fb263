import { makeCookie, SessionCookie } from '../../src/cookie/attributes.ts'
import { cookieValues, readCookie } from '../../src/cookie/header.ts'
import { CookiePolicy } from '../../src/cookie/policy.ts'
import { mergeLines } from '../../src/cookie/set-cookie.ts'
import { SignerCache } from '../../src/cookie/signature.ts'
import { deviceKeyIn } from '../../src/device-bound/device-key.ts'
import { readItem } from '../../src/device-bound/item.ts'
import { parseProof } from '../../src/device-bound/proof.ts'
import { readSkipped } from '../../src/device-bound/skipped.ts'
import { splitFields } from '../../src/record/fields.ts'
import { encodeRecord, parseRecord } from '../../src/record/format.ts'
import { merge } from '../../src/record/merge.ts'
import { decodeCookie, usesDefaults } from '../../src/record/stored-cookie.ts'
import { tombstoneUntil } from '../../src/record/tombstone.ts'
import { isId } from '../../src/session/id.ts'

// At most 64 KB of a Cookie header are read, so 2n stays below that.
const N = 30_000
const ROUNDS = 60
const MAX_MS = 2000
// Times below this depend on the processor's caches, in µs.
const MIN_TIME = 5
const MAX_RATIO = 3

const signer = new SignerCache({ digest: 'sha1', sha1Until: 0, now: Date.now }).get([
  'a secret of the fuzzer, and a long one',
])
const base = new SessionCookie()
const policy = new CookiePolicy('koa.sid')

const filled = (piece) => (n) => piece.repeat(Math.ceil(n / piece.length))
const names = (n) => Array.from({ length: Math.ceil(n / 10) }, (_, at) => `name${at}`)
const object = (n, value) => Object.fromEntries(names(n).map((name) => [name, value]))
const withOwn = (n) => ({ ...object(4 * n, 1), own: names(4 * n).map((name) => `not ${name}`) })
const nested = (open, close) => (n) => open.repeat(n / 2) + close.repeat(n / 2)
const fieldsOf = (data) => splitFields(JSON.stringify(data))
const refused = (options) => {
  try {
    return makeCookie(base, options)
  } catch {
    return undefined
  }
}

/** Title, a function that makes a worst-case input of size n, and the function to time. */
const CASES = [
  ...[
    ['names alone', filled('koa.sid=')],
    ['semicolons', filled(';')],
    ['spaces in front', (n) => `${' '.repeat(n)}koa.sid=x`],
    ['spaces between names', filled(`${' '.repeat(40)}koa.sid=`)],
    ['quotes', filled('"koa.sid="')],
    ['pairs', filled('koa.sid=x; ')],
  ].map(([title, make]) => [`cookieValues: ${title}`, make, (it) => cookieValues(it, 'koa.sid')]),
  ...[
    ['forged pairs', filled(`koa.sid=${'x'.repeat(20)};koa.sid.sig=${'y'.repeat(27)};`)],
    ['one long id', (n) => `koa.sid=${'x'.repeat(n)};koa.sid.sig=${'y'.repeat(27)}`],
    ['one long signature', (n) => `koa.sid=${'x'.repeat(20)};koa.sid.sig=${'y'.repeat(n)}`],
  ].map(([title, make]) => [
    `readCookie: ${title}`,
    make,
    (it) => readCookie(it, 'koa.sid', signer, isId),
  ]),
  ['readItem: quotes', filled('"'), (it) => readItem(it, 100_000)],
  ['readItem: semicolons', filled(' ;'), (it) => readItem(it, 100_000)],
  ['parseProof: dots', filled('a.'), parseProof],
  ['parseProof: letters', filled('a'), parseProof],
  ['readSkipped: commas', filled('a,'), (it) => readSkipped(it, 'id')],
  ['deviceKeyIn: a modulus', (n) => ({ kty: 'RSA', e: 'AQAB', n: 'A'.repeat(n) }), deviceKeyIn],
  ['isId: letters', filled('x'), isId],
  ['isId: dots', filled('x.'), isId],
  ['mergeLines: lines', (n) => names(n), (it) => mergeLines(it, ['koa.sid=x', 'koa.sid.sig=y'])],
  ...[
    ['brackets, open', filled('[')],
    ['brackets', nested('[', ']')],
    ['objects, open', filled('{"a":')],
    ['keys', (n) => JSON.stringify(object(n, 1))],
    ['the same key', (n) => `{${filled('"a":1,')(n)}"a":1}`],
    ['escapes', (n) => `{"a":"${filled('\\u0000')(n)}"}`],
    ['a large cookie', (n) => JSON.stringify({ _session: true, cookie: withOwn(n) })],
  ].map(([title, make]) => [`parseRecord: ${title}`, make, parseRecord]),
  ['tombstoneUntil: digits', (n) => `0e${'9'.repeat(n)}x`, tombstoneUntil],
  ['encodeRecord: keys', (n) => object(n, 'x'), (it) => encodeRecord(it, '{}')],
  ['splitFields: keys', (n) => JSON.stringify(object(n, 'x')), splitFields],
  ['splitFields: backslashes', (n) => `{"a":"${filled('\\\\')(2 * n)}"}`, splitFields],
  ['splitFields: brackets', (n) => `{"a":${nested('[', ']')(n)}}`, splitFields],
  ['usesDefaults: names in own', withOwn, usesDefaults],
  ['decodeCookie: names in own', withOwn, (it) => decodeCookie(it, policy)],
  ['cookie.domain: letters', (n) => `${'a'.repeat(n)}!`, (domain) => refused({ domain })],
  ['cookie.domain: dashes', (n) => `a${'-'.repeat(n)}!`, (domain) => refused({ domain })],
  ['cookie.domain: labels', (n) => `${filled('a-a.')(n)}!`, (domain) => refused({ domain })],
  ['cookie.path: slashes', (n) => `${'/'.repeat(n)};`, (path) => refused({ path })],
  [
    'merge: keys',
    (n) => object(n, 1),
    (it) => merge(fieldsOf(it), fieldsOf({ ...it, a: 1 }), fieldsOf({ ...it, b: 1 }), 'mine'),
  ],
]

/** Times every function at n and 2n: the minimum of many alternating rounds, against noise. */
export function timeTable() {
  const rows = CASES.map(([title, make, run]) => {
    // Measured again before it is flagged: other work may have used the processor.
    const row = measure(title, make, run)
    return row.flag ? measure(title, make, run) : row
  })
  const lines = rows.map(({ title, one, two, ratio, flag }) =>
    [
      line(title, micros(one), micros(two), ratio.toFixed(2)),
      flag ? '<- more than linear' : '',
    ].join(' '),
  )
  const head = line(`time at n = ${N} and at 2n`, 'n, µs', '2n, µs', 'ratio')
  return { text: [head, ...lines].join('\n'), flagged: rows.filter(({ flag }) => flag).length }
}

const micros = (time) => time.toFixed(1)
const line = (title, ...cells) => title.padEnd(36) + cells.map((cell) => cell.padStart(11)).join('')

function measure(title, make, run) {
  const [one, two] = compare(make(N), make(2 * N), run)
  return { title, one, two, ratio: two / one, flag: two > MIN_TIME && two / one > MAX_RATIO }
}

function compare(small, large, run) {
  const repeat = repeats(small, run)
  let [one, two] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const end = performance.now() + MAX_MS
  for (let round = 0; round < ROUNDS && (round < 3 || performance.now() < end); round++) {
    one = Math.min(one, time(small, run, repeat))
    two = Math.min(two, time(large, run, repeat))
  }
  return [one, two]
}

/** The number of calls that the clock can measure. */
function repeats(input, run) {
  for (let count = 1; ; count *= 2)
    if (time(input, run, count) * count > 200 || count > 1000) return count
}

/** Microseconds for one call. */
function time(input, run, count) {
  const begun = process.hrtime.bigint()
  for (let left = count; left > 0; left--) run(input)
  return Number(process.hrtime.bigint() - begun) / 1000 / count
}
