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

/** Headers that are nearly those of a browser, and some that are. */
export function deviceInputs(challenges: Challenges): fc.Arbitrary<DeviceInput> {
  const jti = often(
    fc.constantFrom(challenges.refresh, challenges.registration),
    fc.constantFrom(challenges.refresh, challenges.registration).chain(tampered),
    fc.jsonValue(),
  )
  const header = fc.record({
    alg: often(fc.constant('ES256'), fc.constantFrom(...ALGORITHMS)),
    typ: often(fc.constant('dbsc+jwt'), fc.constantFrom(...TYPES)),
    jwk: often(fc.constant(JWK), fc.constantFrom(...JWKS), fc.jsonValue()),
  })
  const claims = fc.oneof(
    { weight: 5, arbitrary: fc.record({ jti }) },
    { weight: 1, arbitrary: fc.record({ jti, sub: often(fc.constant(BINDING), fc.jsonValue()) }) },
    { weight: 1, arbitrary: fc.jsonValue() },
    { weight: 1, arbitrary: fc.record({ jti, more: fc.constant('x'.repeat(4000)) }) },
  )
  const proof = fc.tuple(claims, header).map(([body, head]) => prove(body, head))
  const response = fc.oneof(
    { weight: 4, arbitrary: proof },
    { weight: 2, arbitrary: proof.map((each) => `"${each}"`) },
    { weight: 2, arbitrary: proof.chain(tampered) },
    { weight: 1, arbitrary: proof.map((each) => each.split('.').reverse().join('.')) },
    { weight: 1, arbitrary: fc.constantFrom('', '"', '""', '..', '"..";', 'x'.repeat(16_000)) },
    { weight: 1, arbitrary: text(80) },
  )
  return fc.record({
    path: fc.constantFrom('registration', 'refresh', 'page'),
    response,
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
}
