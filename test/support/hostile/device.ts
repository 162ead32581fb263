import fc from 'fast-check'
import { BINDING, type DeviceInput, JWK, prove } from '../oracle/device.js'
import { often, text } from './common.js'
import { tampered } from './header.js'

interface Challenges {
  refresh: string
  registration: string
}

const ALGORITHMS = ['ES256', 'RS256', 'none', 'HS256', 'es256', '', 1, null, ['ES256']]
const TYPES = ['dbsc+jwt', 'JWT', 'DBSC+JWT', undefined, 7]
const JWKS = [
  JWK,
  { ...JWK, crv: 'P-384' },
  { ...JWK, x: 'A'.repeat(43) },
  { kty: 'RSA', n: 'A'.repeat(342), e: 'AQAB' },
  { kty: 'RSA', n: '_'.repeat(683), e: 'AQAB' },
  { kty: 'oct', k: 'AAAA' },
  JSON.parse('{"__proto__":{"kty":"EC"}}'),
  'key',
  null,
  undefined,
]

const PATHS = ['registration', 'refresh', 'page'] as const

/** Headers that are nearly those of a browser, and some that are. */
export function deviceInputs(challenges: Challenges): fc.Arbitrary<DeviceInput> {
  return fc.constantFrom(...PATHS).chain((path) => {
    const expected = challenges[path === 'registration' ? path : 'refresh']
    const jti = often(fc.constant(expected), fc.constant(expected).chain(tampered), fc.jsonValue())
    return fc.record({
      path: fc.constant(path),
      response: responses(jti),
      id: often(
        fc.constantFrom(BINDING, `"${BINDING}"`),
        fc.constant(BINDING).chain(tampered),
        text(40),
      ),
      skipped: often(
        fc.constantFrom('', `unreachable;session_identifier="${BINDING}"`, BINDING, `,;${BINDING}`),
        text(80),
      ),
    })
  })
}

function responses(jti: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const proof = fc.tuple(claimsWith(jti), HEADER).map(([body, head]) => prove(body, head))
  return fc.oneof(
    { weight: 4, arbitrary: proof },
    { weight: 2, arbitrary: proof.map((each) => `"${each}"`) },
    { weight: 2, arbitrary: proof.map(withOtherSignature) },
    { weight: 2, arbitrary: proof.chain(tampered) },
    { weight: 1, arbitrary: proof.map((each) => each.split('.').reverse().join('.')) },
    { weight: 1, arbitrary: fc.constantFrom('', '"', '""', '..', '"..";', 'x'.repeat(16_000)) },
    { weight: 1, arbitrary: text(80) },
  )
}

const HEADER = fc.record({
  alg: mostly(fc.constant('ES256'), fc.constantFrom(...ALGORITHMS)),
  typ: mostly(fc.constant('dbsc+jwt'), fc.constantFrom(...TYPES)),
  jwk: mostly(fc.constant(JWK), fc.oneof(fc.constantFrom(...JWKS), fc.jsonValue())),
})

function claimsWith(jti: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ jti }) },
    { weight: 1, arbitrary: fc.record({ jti, sub: often(fc.constant(BINDING), fc.jsonValue()) }) },
    { weight: 1, arbitrary: fc.jsonValue() },
    { weight: 1, arbitrary: fc.record({ jti, more: fc.constant('x'.repeat(4000)) }) },
  )
}

/** A header with one member altered is more telling than one with three. */
function mostly<T>(first: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 8, arbitrary: first }, other)
}

function withOtherSignature(proof: string): string {
  const at = proof.lastIndexOf('.') + 1
  return proof.slice(0, at) + (proof[at] === 'A' ? 'B' : 'A') + proof.slice(at + 1)
}
