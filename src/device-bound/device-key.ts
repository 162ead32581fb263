import { createPublicKey, verify } from 'node:crypto'
import { isObject } from '../util/shape.js'

export type Algorithm = 'ES256' | 'RS256'

/** The public key of a device, as a JWK (RFC 7517): these members and no other. */
export type DeviceKey =
  | { kty: 'EC'; crv: 'P-256'; x: string; y: string }
  | { kty: 'RSA'; n: string; e: 'AQAB' }

/** 32 bytes. */
const COORDINATE = /^[\w-]{43}$/
/** 2048 to 4096 bits. With a longer modulus a check could take long. */
const MODULUS = /^[\w-]{342,683}$/
const ES256_BYTES = 64

/** The key in a JWK; undefined: it is none of those that are offered. */
export function deviceKeyIn(jwk: unknown): DeviceKey | undefined {
  if (!isObject(jwk)) return undefined
  const { kty, crv, x, y, n, e } = jwk
  if (kty === 'EC' && crv === 'P-256' && isText(COORDINATE, x) && isText(COORDINATE, y))
    return { kty, crv, x, y }
  // Every client uses this exponent. A long one would make a check slow.
  if (kty === 'RSA' && e === 'AQAB' && isText(MODULUS, n)) return { kty, n, e }
  return undefined
}

/** The only algorithm of a key (RFC 8725, 3.1): a proof cannot choose another one. */
export function algorithmOf(key: DeviceKey): Algorithm {
  return key.kty === 'EC' ? 'ES256' : 'RS256'
}

/** Whether a key signed a text. A point that is not on the curve signs nothing. */
export function isSignedBy(key: DeviceKey, text: string, signature: Buffer): boolean {
  const length = key.kty === 'EC' ? ES256_BYTES : Buffer.byteLength(key.n, 'base64url')
  if (signature.length !== length) return false
  try {
    const publicKey = createPublicKey({ key: { ...key }, format: 'jwk' })
    const data = Buffer.from(text)
    return verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
  } catch {
    return false
  }
}

function isText(shape: RegExp, value: unknown): value is string {
  return typeof value === 'string' && shape.test(value)
}
