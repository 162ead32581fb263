import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { deviceKeyIn, isSignedBy } from '../../src/device-bound/device-key.js'
import { readItem } from '../../src/device-bound/item.js'
import { parseProof } from '../../src/device-bound/proof.js'
import { readSkipped } from '../../src/device-bound/skipped.js'

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const HEADER = { alg: 'ES256', typ: 'dbsc+jwt' }
const token = (header: unknown, claims: unknown = { jti: 'a' }, signature = 'c2ln') =>
  `${encode(header)}.${encode(claims)}.${signature}`

/** What Chromium 156 sent at a registration. */
const CHROMIUM =
  'eyJhbGciOiJFUzI1NiIsImp3ayI6eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6Ilh3c2RBR1pvYjZqcTNtUjNSODEyQlBsclhCX2I1ME5CRHhNMkxaUXY2MW8iLCJ5IjoiUU56aFhwT19RNGdqS01jc0xGdEIyWVFKb053TTZNSmZzcDdXc2hPSmt3QSJ9LCJ0eXAiOiJkYnNjK2p3dCJ9.eyJqdGkiOiI1OTg1NTEwLkYtM29kU2k1ZkdyRG5WVk5MUXlLX2FEMk82SV90c2NDRUpsc0hod0VFUUEifQ.LRXNDxRX-KSIkU1ycQK-jaKm262jEi2vBzd0SaQywbdUwnsHUsI6Jq3aVcPfUY_UEPzvRVuMxFs-pyRoJdsOLg'

/** The example in the draft. Its signature is not one of its key. */
const DRAFT =
  'eyJhbGciOiJFUzI1NiIsInR5cCI6ImRic2Mrand0In0.eyJhdWQiOiJodHRwczovL2V4YW1wbGUuY29tL3JlZyIsImp0aSI6ImN2IiwiaWF0IjoiMTcyNTU3OTA1NSIsImp3ayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6IjZfR0Iydm9RMHFyb01oNk9sREZDRlNfU0pyaVFpMVBUdnZCT2hHWjNiSEkiLCJ5IjoiSWVnT0pVTHlFN1N4SF9DZDFLQ0VSN2xXQnZHRkhRLWgweHlqelVqRUlXRSJ9LCJhdXRob3JpemF0aW9uIjoiYWMifQ.6Fb_vVBDmfNghQiBmIGe8o7tBfYPbPCywhQruP0vIhxgmcJmuNTaMHeVn_M8ZnOm1_bzIitbZqCWEn-1Qzmtyw'

/** RFC 7515, A.3 and A.2. */
const PAYLOAD =
  'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
const RFC7515 = [
  {
    alg: 'ES256',
    signed: `eyJhbGciOiJFUzI1NiJ9.${PAYLOAD}`,
    signature:
      'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
    jwk: {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
  },
  {
    alg: 'RS256',
    signed: `eyJhbGciOiJSUzI1NiJ9.${PAYLOAD}`,
    signature:
      'cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw',
    jwk: {
      kty: 'RSA',
      n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
      e: 'AQAB',
    },
  },
]

describe('a proof', () => {
  it('of Chromium 156 is read, and its signature holds', () => {
    const proof = parseProof(CHROMIUM)
    expect(proof).toMatchObject({
      alg: 'ES256',
      jti: '5985510.F-3odSi5fGrDnVVNLQyK_aD2O6I_tscCEJlsHhwEEQA',
      sub: undefined,
    })
    const key = deviceKeyIn(proof?.jwk)
    if (!proof || !key) throw new Error('not read')
    expect(isSignedBy(key, proof.signed, proof.signature)).toBe(true)
    expect(isSignedBy(key, `${proof.signed}x`, proof.signature)).toBe(false)
  })

  it('of the draft is read, with the key in its claims', () => {
    expect(parseProof(DRAFT)).toMatchObject({
      alg: 'ES256',
      jti: 'cv',
      jwk: { x: '6_GB2voQ0qroMh6OlDFCFS_SJriQi1PTvvBOhGZ3bHI' },
    })
  })

  it.each<[string, string]>([
    ['nothing', ''],
    ['two parts', token(HEADER).split('.').slice(0, 2).join('.')],
    ['four parts', `${token(HEADER)}.x`],
    ['padding', `${token(HEADER)}=`],
    ['a header that is no JSON', `e30x.${token(HEADER).split('.').slice(1).join('.')}`],
    ['a header that is a list', token([HEADER])],
    ['claims that are null', token(HEADER, null)],
    ['no type', token({ alg: 'ES256' })],
    ['another type', token({ ...HEADER, typ: 'JWT' })],
    ['no algorithm', token({ typ: 'dbsc+jwt' })],
    ['the algorithm none', token({ ...HEADER, alg: 'none' })],
    ['a symmetric algorithm', token({ ...HEADER, alg: 'HS256' })],
    ['extensions', token({ ...HEADER, crit: [] })],
    ['no challenge', token(HEADER, {})],
    ['a challenge that is a number', token(HEADER, { jti: 1 })],
    ['an identifier that is a number', token(HEADER, { jti: 'a', sub: 1 })],
    [
      '4097 characters',
      token(HEADER, { jti: 'a' }, 'x'.repeat(4097 - token(HEADER, { jti: 'a' }, '').length)),
    ],
  ])('with %s is none', (_, text) => {
    expect(parseProof(text)).toBe(undefined)
  })

  it('with 4096 characters is read', () => {
    const start = token(HEADER, { jti: 'a' }, '')
    expect(parseProof(start + 'x'.repeat(4096 - start.length))).toMatchObject({ jti: 'a' })
  })
})

describe('a key', () => {
  it.each(RFC7515)('checks the signature of RFC 7515, $alg', ({ signed, signature, jwk }) => {
    const key = deviceKeyIn(jwk)
    const bytes = Buffer.from(signature, 'base64url')
    if (!key) throw new Error('not read')
    expect(key).toEqual(jwk)
    expect(isSignedBy(key, signed, bytes)).toBe(true)
    expect(isSignedBy(key, signed, bytes.subarray(1))).toBe(false)
    expect(isSignedBy(key, signed, Buffer.concat([bytes, Buffer.alloc(1)]))).toBe(false)
    bytes[5] = (bytes[5] ?? 0) ^ 1
    expect(isSignedBy(key, signed, bytes)).toBe(false)
  })

  it('keeps the members that are public, and no other', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = privateKey.export({ format: 'jwk' })
    expect(jwk.d).toBeTypeOf('string')
    expect(Object.keys(deviceKeyIn(jwk) ?? {})).toEqual(['kty', 'crv', 'x', 'y'])
  })

  it('that is not on the curve signs nothing', () => {
    const key = deviceKeyIn({ kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) })
    if (!key) throw new Error('not read')
    expect(isSignedBy(key, 'text', Buffer.alloc(64))).toBe(false)
  })

  const [{ jwk: ec }, { jwk: rsa }] = RFC7515 as [(typeof RFC7515)[0], (typeof RFC7515)[0]]
  it.each<[string, unknown]>([
    ['a text', 'key'],
    ['another curve', { ...ec, crv: 'P-384' }],
    ['a short coordinate', { ...ec, x: 'f83O' }],
    ['a symmetric key', { kty: 'oct', k: 'a' }],
    ['a short modulus', { ...rsa, n: 'A'.repeat(341) }],
    ['a modulus that takes long', { ...rsa, n: 'A'.repeat(684) }],
    ['an exponent that takes long', { ...rsa, e: 'A'.repeat(300) }],
    ['an exponent of 3', { ...rsa, e: 'Aw' }],
  ])('is none: %s', (_, jwk) => {
    expect(deviceKeyIn(jwk)).toBe(undefined)
  })
})

it.each<[string, string | undefined]>([
  ['"session-id"', 'session-id'],
  ['session-id', 'session-id'],
  ['"session-id";p=1', 'session-id'],
  ['session-id;p=1', 'session-id'],
  ['"session-id', undefined],
  ['"session-id"x', undefined],
  ['""', undefined],
  ['', undefined],
  ['"twelve chars"', undefined],
  ['twelve chars', undefined],
])('the string in the header %s is %s', (header, value) => {
  expect(readItem(header, 10)).toBe(value)
})

it.each<[string, string | undefined]>([
  ['', undefined],
  ['unreachable;session_identifier=123, quota_exceeded;session_identifier=456', 'quota_exceeded'],
  ['server_error;session_identifier="456"', 'server_error'],
  ['unreachable;session_identifier=456', 'unreachable'],
  ['toString;session_identifier=456', 'other'],
  ['unreachable', undefined],
  [`unreachable;session_identifier=456${' '.repeat(4096)}`, undefined],
])('what a browser skipped is read of %j', (header, skipped) => {
  expect(readSkipped(header, '456')).toBe(skipped)
})
