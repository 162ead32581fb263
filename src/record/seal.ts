import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { SessionError } from '../util/errors.js'

/** A secret of at least 32 bytes: text or bytes. */
export type SealKey = string | Uint8Array

/** Authenticated encryption: a text that was sealed for one context opens for no other. */
export interface Seal {
  seal(text: string, context: string): string
  /** undefined: no key fits, or it was altered, or sealed for another context. */
  open(sealed: string, context: string): string | undefined
  /** Whether the current key sealed it. */
  isCurrent(sealed: string): boolean
}

/** ASVS 11.2.3 asks for 128 bits: 32 characters hold them even when they are hexadecimal. */
const MIN_BYTES = 32
const MAX_KEYS = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const ID_BYTES = 6

interface Derived {
  id: string
  key: Buffer
}

/**
 * AES-256-GCM (NIST SP 800-38D). Every purpose has keys of its own (HKDF-SHA256, RFC 5869), so that
 * a cookie never opens as a record. The first key seals. The key's id is in front of the text, so
 * that one key is tried.
 * @throws {SessionError} ERR_SESSION_OPTION when a key is too short, or when there are too many or none.
 */
export function makeSeal(keys: unknown, purpose: 'record' | 'cookie'): Seal {
  const derived = check(keys).map((key) => derive(key, purpose))
  const [first] = derived as [Derived]
  return {
    seal(text, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', first.key, nonce).setAAD(Buffer.from(context))
      const body = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
      return `${first.id}.${Buffer.concat(body).toString('base64url')}`
    },
    isCurrent: (sealed) => sealed.startsWith(`${first.id}.`),
    open(sealed, context) {
      const dot = sealed.indexOf('.')
      const fitting = derived.find(({ id }) => id === sealed.slice(0, dot))
      return fitting && decrypt(fitting.key, sealed.slice(dot + 1), context)
    },
  }
}

function decrypt(key: Buffer, text: string, context: string): string | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
  const body = bytes.subarray(NONCE_BYTES, -TAG_BYTES)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES))
    return decipher.update(body, undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return undefined
  }
}

function derive(secret: SealKey, purpose: string): Derived {
  const expand = (info: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', `koa-sess ${purpose} ${info}`, bytes))
  return { id: expand('id', ID_BYTES).toString('base64url'), key: expand('key', 32) }
}

function check(keys: unknown): SealKey[] {
  const usable = (key: unknown) =>
    (typeof key === 'string' || key instanceof Uint8Array) && Buffer.byteLength(key) >= MIN_BYTES
  if (Array.isArray(keys) && keys.length > 0 && keys.length <= MAX_KEYS && keys.every(usable))
    return keys
  throw new SessionError(
    'ERR_SESSION_OPTION',
    `The keys of encryption must be 1 to ${MAX_KEYS} secrets of at least ${MIN_BYTES} random bytes, the newest first: make one with crypto.randomBytes(32)`,
  )
}
