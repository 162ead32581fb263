import { createHmac, timingSafeEqual } from 'node:crypto'
import { SessionError } from '../util/errors.js'
import { Recent } from '../util/recent-cache.js'

/** What Koa accepts as `app.keys` beside an array: a Keygrip, or anything that acts like one. */
export interface KeygripLike {
  sign(data: string): string
  verify?(data: string, digest: string): boolean
  index?(data: string, digest: string): number
}

type Key = string | Buffer

export interface Signer {
  sign(data: string): string
  /** Which key made one of these signatures: 0 is the one in use, -1 none. */
  index(data: string, signatures: readonly string[]): number
}

/** How cookies are signed, and for how long the older way is still accepted (epoch ms). */
export interface Signing {
  digest: 'sha1' | 'sha256'
  sha1Until: number
  now(): number
}

/** The option `digest`. */
export type Digest = 'sha1' | 'sha256' | { sha1Until: Date }

/** @throws {SessionError} ERR_SESSION_OPTION */
export function makeSigning(digest: Digest | undefined, now: () => number): Signing {
  if (digest === undefined || digest === 'sha1' || digest === 'sha256') {
    return { digest: digest ?? 'sha1', sha1Until: Number.POSITIVE_INFINITY, now }
  }
  const until: unknown = Reflect.get(Object(digest), 'sha1Until')
  if (until instanceof Date && !Number.isNaN(until.getTime())) {
    return { digest: 'sha256', sha1Until: until.getTime(), now }
  }
  throw new SessionError(
    'ERR_SESSION_OPTION',
    'digest must be sha1, sha256 or { sha1Until: a Date }',
  )
}

// About 200 bytes each, and up to twice as many are kept.
const MOST_VERIFIED = 10_000

// Characters of an unpadded base64url HMAC: what cannot match by its length costs no HMAC.
const LENGTH = { sha1: 27, sha256: 43 }

const mac = (digest: Signing['digest'], key: Key, data: string) =>
  createHmac(digest, key).update(data).digest('base64url')

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/**
 * HMACs in unpadded base64url: with SHA-1 as `cookies` and Keygrip have always written it, without
 * their detours. Whatever was not made with the first key and today's digest is due to be signed anew.
 */
function keyed(keys: readonly Key[], { digest, sha1Until, now }: Signing): Signer {
  const [first] = keys
  if (first === undefined || !keys.every(isKey)) throw missingKeys()
  assess(keys)
  const current = keys.map((key) => ({ digest, key }))
  const older = keys.map((key) => ({ digest: 'sha1' as const, key }))
  // Of the key in use alone: whatever is accepted for a while has to be looked at each time.
  const verified = new Recent(MOST_VERIFIED)
  return {
    sign: (data) => mac(digest, first, data),
    index: (data, signatures) => {
      if (signatures.some((signature) => verified.get(signature) === data)) return 0
      const withOlder = digest !== 'sha1' && now() < sha1Until
      const ways = withOlder ? [...current, ...older] : current
      return ways.findIndex((way) => {
        const fitting = signatures.filter(({ length }) => length === LENGTH[way.digest])
        if (fitting.length === 0) return false
        const expected = mac(way.digest, way.key, data)
        const fits = fitting.some((signature) => equal(expected, signature))
        if (fits && way === current[0]) verified.offer(expected, data)
        return fits
      })
    },
  }
}

function isKey(key: unknown): boolean {
  return (typeof key === 'string' || key instanceof Uint8Array) && key.length > 0
}

// ASVS 11.2.3 asks for 128 bits. An application may have lived with less for years, so only what can
// be guessed is refused; a Keygrip is not looked into.
const REFUSED_LENGTH = 8
const GOOD_LENGTH = 16
const MOST_KEYS = 32

function assess(keys: readonly Key[]): void {
  const shortest = Math.min(...keys.map((key) => Buffer.byteLength(key)))
  if (shortest <= REFUSED_LENGTH || keys.length > MOST_KEYS) {
    throw new SessionError(
      'ERR_SESSION_KEYS',
      `app.keys must be at most ${MOST_KEYS} secrets of more than ${REFUSED_LENGTH} bytes: put a long random one in front, and give older ones in a Keygrip while they are still needed`,
    )
  }
  if (shortest >= GOOD_LENGTH) return
  process.emitWarning(
    `A key of app.keys has less than ${GOOD_LENGTH} bytes: put a long random one in front, and drop the short one when its cookies are gone.`,
    { code: 'KOA_SESS_WEAK_KEY' },
  )
}

function grip(keys: KeygripLike): Signer {
  const index = (data: string, signature: string) => {
    if (keys.index) return keys.index(data, signature)
    const verified = keys.verify ? keys.verify(data, signature) : equal(keys.sign(data), signature)
    return verified ? 0 : -1
  }
  return {
    sign: (data) => keys.sign(data),
    index: (data, signatures) => signatures.reduce((at, s) => (at < 0 ? index(data, s) : at), -1),
  }
}

/** Remembers the signer of one `app.keys`, and makes another when the keys are exchanged, in place or as a whole. */
export class SignerCache {
  #source: unknown
  #keys: readonly Key[] = []
  #signer: Signer | undefined
  readonly #signing: Signing

  constructor(signing: Signing) {
    this.#signing = signing
  }

  /**
   * @throws {SessionError} ERR_SESSION_KEYS when the app has no usable keys.
   */
  get(source: unknown): Signer {
    if (this.#signer && source === this.#source && this.#same(source)) return this.#signer
    this.#source = source
    this.#keys = Array.isArray(source) ? [...source] : []
    this.#signer = makeSigner(source, this.#signing)
    return this.#signer
  }

  #same(source: unknown): boolean {
    if (!Array.isArray(source)) return true
    return source.length === this.#keys.length && this.#keys.every((key, at) => key === source[at])
  }
}

function makeSigner(source: unknown, signing: Signing): Signer {
  if (Array.isArray(source)) return keyed([...source], signing)
  if (!isKeygrip(source)) throw missingKeys()
  if (signing.digest === 'sha1') return grip(source)
  throw new SessionError(
    'ERR_SESSION_KEYS',
    'options.digest needs app.keys as an array: a Keygrip signs in its own way, so give it the digest instead',
  )
}

function isKeygrip(source: unknown): source is KeygripLike {
  return (
    typeof source === 'object' &&
    source !== null &&
    typeof Reflect.get(source, 'sign') === 'function'
  )
}

function missingKeys(): SessionError {
  return new SessionError(
    'ERR_SESSION_KEYS',
    'Signed session cookies need app.keys: set it to an array of secret strings (or a Keygrip), the newest first, or set cookie.signed to false',
  )
}
