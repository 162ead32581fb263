import fc from 'fast-check'
import { sign } from '../oracle/app.js'
import { LIVE } from '../oracle/cookie.js'
import { KEYS } from '../site.js'
import { often, text, words } from './common.js'

const NAMES = words('koa.sid koa.sid.sig')
const NEAR_NAMES = [
  ...words('KOA.SID xkoa.sid koa.sid. koa.si $koa.sid "koa.sid" koa.sid.sig.sig koa_sid __proto__'),
  ...['koa.sid ', '\u00a0koa.sid', '\0koa.sid', 'constructor', ''],
]
const IDS = [
  ...words(`${LIVE} well-formed-and-unknown __defineGetter__ a=b=c=d=e=f=g=h=i fifteen-letters`),
  ...words('../../etc/passwd two-dots..in-the-middle .a-dot-comes-first "an-id-within-quotes"'),
  ...['x'.repeat(256), 'x'.repeat(257), 'a-tab\tin-the-middle', 'ümlaut-0123456789', ''],
]
const ENDS = ['; ', ';', ' ;\t ', ';;', ' ', ',', '&', '\r\n', '\0', '"', '=', ';\u00a0', '']

const end = often(fc.constant('; '), fc.constantFrom(...ENDS))
const id = often(fc.constantFrom(...IDS), fc.stringMatching(/^[\w.:~+=@!|%{}-]{14,20}$/), text(40))
const signatureOf = (signed: fc.Arbitrary<string>) =>
  fc
    .tuple(fc.constantFrom('sha1', 'sha256'), fc.constantFrom(...KEYS, 'a stranger’s key'), signed)
    .map(([digest, key, id]) => sign(id, { digest, key }))

/** A text with one character put in place of another, or taken out. */
export const tampered = (whole: string) =>
  fc
    .tuple(fc.nat({ max: whole.length }), fc.constantFrom('', 'A', '=', '"', 'é', '\0'))
    .map(([at, change]) => whole.slice(0, at) + change + whole.slice(at + 1))
const forged = signatureOf(id).chain(tampered)

const pair = fc
  .tuple(
    often(fc.constantFrom(...NAMES), fc.constantFrom(...NEAR_NAMES), text(12)),
    fc.constant('='),
    fc.oneof(id, signatureOf(id), forged, text(80)),
    end,
  )
  .map((parts) => parts.join(''))

/** An id with a signature of it, which may be one of ours, or nearly. */
const login = fc
  .tuple(
    id.chain((own) => {
      const mark = signatureOf(fc.constant(own))
      return fc.tuple(fc.constant(own), often(mark, mark.chain(tampered)))
    }),
    end,
    end,
  )
  .map(([[own, mark], first, last]) => `koa.sid=${own}${first}koa.sid.sig=${mark}${last}`)
const copies = fc
  .tuple(fc.oneof(pair, login), fc.integer({ min: 2, max: 60 }))
  .map(([one, many]) => one.repeat(many))

/** A Cookie header. */
export const header = fc
  .array(often(pair, login, login, copies, text(20)), { maxLength: 7 })
  .map((pieces) => pieces.join('').slice(0, 30_000))
