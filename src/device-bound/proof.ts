import type { Context } from 'koa'
import { isObject } from '../util/shape.js'
import type { Algorithm } from './device-key.js'
import { readItem } from './item.js'

/** What a browser sends to prove its device: a JWT (RFC 7519), taken apart and not verified yet. */
export interface Proof {
  alg: Algorithm
  /** The challenge that it answers. */
  jti: string
  /** The identifier of the binding, which newer drafts require at a refresh. */
  sub: string | undefined
  /** The public key as sent: at a registration. */
  jwk: unknown
  /** What is signed. */
  signed: string
  signature: Buffer
}

/** The key and the signature of 4096-bit RSA take 2,300 characters. */
const MAX_PROOF = 4096

const PARTS = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/

/** The proof that a request carries; undefined: it has none that is of use. */
export function readProof(ctx: Context): Proof | undefined {
  const text = readItem(ctx.get('Secure-Session-Response'), MAX_PROOF)
  return text === undefined ? undefined : parseProof(text)
}

/** A proof in its compact form; undefined: it is too long, malformed, or of another kind. */
export function parseProof(text: string): Proof | undefined {
  if (text.length > MAX_PROOF) return undefined
  const [, head = '', body = '', signature = ''] = PARTS.exec(text) ?? []
  const header = objectIn(head)
  const claims = objectIn(body)
  // `crit` names extensions that a reader must know (RFC 7515, 4.1.11).
  if (!header || !claims || header.typ !== 'dbsc+jwt' || 'crit' in header) return undefined
  const { alg } = header
  const { jti, sub } = claims
  if ((alg !== 'ES256' && alg !== 'RS256') || typeof jti !== 'string') return undefined
  if (sub !== undefined && typeof sub !== 'string') return undefined
  return {
    alg,
    jti,
    sub,
    // Chromium 156 sends it in the header. The draft has it in the claims, under two names.
    jwk: header.jwk ?? claims.key ?? claims.jwk,
    signed: `${head}.${body}`,
    signature: Buffer.from(signature, 'base64url'),
  }
}

function objectIn(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    // Without a prototype, so that a name of Object's is not taken for a member.
    return isObject(value) ? Object.assign(Object.create(null), value) : undefined
  } catch {
    return undefined
  }
}
