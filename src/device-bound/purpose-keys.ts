import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { SessionError } from '../util/errors.js'

export type Secret = string | Uint8Array

/** What a MAC is made for: a MAC of one purpose is worth nothing for another one. */
export type Purpose = 'bound cookie' | 'registration challenge' | 'refresh challenge'

/** ASVS 11.2.3 asks for 128 bits. */
const MIN_BYTES = 16
const MAX_KEYS = 32
const KEY_BYTES = 32

/** Characters of an HMAC-SHA256 in unpadded base64url. */
export const MAC_LENGTH = 43

/** MACs (HMAC-SHA256), with keys of their own for each purpose (HKDF, RFC 5869). The first secret signs. */
export class PurposeKeys {
  readonly #derived = new Map<Purpose, Buffer[]>()
  readonly #secrets: readonly Secret[]

  constructor(secrets: readonly Secret[]) {
    this.#secrets = secrets
  }

  sign(purpose: Purpose, text: string): string {
    const [first = Buffer.alloc(0)] = this.#keys(purpose)
    return hmac(first, text).toString('base64url')
  }

  /** Whether one of the secrets made this MAC, compared in constant time. */
  verify(purpose: Purpose, text: string, mac: string): boolean {
    if (mac.length !== MAC_LENGTH) return false
    const given = Buffer.from(mac, 'base64url')
    return this.#keys(purpose).some((key) => {
      const expected = hmac(key, text)
      return given.length === expected.length && timingSafeEqual(given, expected)
    })
  }

  #keys(purpose: Purpose): Buffer[] {
    let keys = this.#derived.get(purpose)
    if (!keys) {
      keys = this.#secrets.map((secret) => derive(secret, purpose))
      this.#derived.set(purpose, keys)
    }
    return keys
  }
}

/** The keys of the options, or of `app.keys`, which an application may replace at any time. */
export class KeySource {
  readonly #own: readonly Secret[] | undefined
  #secrets: readonly unknown[] = []
  #keys: PurposeKeys | undefined

  constructor(own: readonly Secret[] | undefined) {
    this.#own = own
  }

  /** @throws {SessionError} ERR_SESSION_KEYS when neither the options nor the app have usable keys. */
  get(appKeys: unknown): PurposeKeys {
    const source = this.#own ?? appKeys
    if (this.#keys && this.#isSame(source)) return this.#keys
    assertSecrets(source, this.#own ? 'deviceBound.keys' : 'app.keys')
    this.#secrets = [...source]
    this.#keys = new PurposeKeys([...source])
    return this.#keys
  }

  #isSame(source: unknown): boolean {
    if (!Array.isArray(source) || source.length !== this.#secrets.length) return false
    return this.#secrets.every((secret, at) => secret === source[at])
  }
}

/** @throws {SessionError} ERR_SESSION_KEYS */
export function assertSecrets(keys: unknown, name: string): asserts keys is readonly Secret[] {
  const isUsable = (key: unknown) =>
    (typeof key === 'string' || key instanceof Uint8Array) && Buffer.byteLength(key) >= MIN_BYTES
  if (Array.isArray(keys) && keys.length > 0 && keys.length <= MAX_KEYS && keys.every(isUsable))
    return
  throw new SessionError(
    'ERR_SESSION_KEYS',
    `${name} must be an array of 1 to ${MAX_KEYS} secrets of at least ${MIN_BYTES} bytes, the newest first: bound cookies are signed with keys that are derived from them. With a Keygrip or shorter keys, give deviceBound its own keys`,
  )
}

function derive(secret: Secret, purpose: Purpose): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `koa-sess device ${purpose}`, KEY_BYTES))
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
