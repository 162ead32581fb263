import { createHmac, timingSafeEqual } from 'node:crypto'
import { SessionError } from '../util/errors.js'
import { RecentCache } from '../util/recent-cache.js'

/** What Koa accepts as `app.keys` beside an array: a Keygrip, or an object with its methods. */
export interface KeygripLike {
  sign(data: string): string
  verify?(data: string, digest: string): boolean
  index?(data: string, digest: string): number
}

type Key = string | Buffer

export interface Signer {
  sign(data: string): string
  /** Which key made one of these signatures: 0 is the current one; undefined: none. */
  index(data: string, signatures: readonly string[]): number | undefined
}

/** How cookies are signed, and until when SHA-1 signatures are still accepted (epoch ms). */
export interface Signing {
  digest: 'sha1' | 'sha256'
  sha1Until: number
  /** SHA-256 signatures are accepted beside those of SHA-1, which are made. Default false. */
  acceptsSha256?: boolean
  now(): number
}

/** The option `digest`. */
export type Digest = 'sha1' | 'sha256' | { accept: 'sha256' } | { sha1Until: Date }

/** @throws {SessionError} ERR_SESSION_OPTION */
export function makeSigning(digest: Digest | undefined, now: () => number): Signing {
  const sha1Until = Number.POSITIVE_INFINITY
  if (digest === undefined || digest === 'sha1' || digest === 'sha256')
    return { digest: digest ?? 'sha1', sha1Until, now }
  const { accept, sha1Until: until, ...rest } = Object(digest)
  if (Object.keys(rest).length === 0) {
    if (accept === 'sha256' && until === undefined)
      return { digest: 'sha1', sha1Until, acceptsSha256: true, now }
    if (accept === undefined && until instanceof Date && !Number.isNaN(until.getTime()))
      return { digest: 'sha256', sha1Until: until.getTime(), now }
  }
  throw new SessionError(
    'ERR_SESSION_OPTION',
    "digest must be sha1, sha256, { accept: 'sha256' } or { sha1Until: a Date }",
  )
}

// About 200 bytes each, and up to twice as many are kept.
const MAX_VERIFIED = 10_000

// Characters of an unpadded base64url HMAC: a signature of another length costs no HMAC.
const LENGTH = { sha1: 27, sha256: 43 }

const mac = (digest: Signing['digest'], key: Key, data: string) =>
  createHmac(digest, key).update(data).digest('base64url')

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/**
 * HMACs in unpadded base64url, with SHA-1 as `cookies` and Keygrip write them. A signature that was
 * not made with the first key and the current digest is replaced on the next write.
 */
function keyed(keys: readonly Key[], signing: Signing): Signer {
  const [first] = keys
  if (first === undefined || !keys.every(isKey)) throw missingKeys()
  assess(keys)
  const { digest, sha1Until, acceptsSha256 = false, now } = signing
  const current = keys.map((key) => ({ digest, key }))
  const older = keys.map((key) => ({ digest: 'sha1' as const, key }))
  const newer = keys.map((key) => ({ digest: 'sha256' as const, key }))
  // Of the current key alone: a signature that is accepted for a while is checked each time.
  const verified = new RecentCache(MAX_VERIFIED)
  const acceptedWays = () => {
    if (acceptsSha256) return [...current, ...newer]
    return digest !== 'sha1' && now() < sha1Until ? [...current, ...older] : current
  }
  return {
    sign: (data) => mac(digest, first, data),
    index: (data, signatures) => {
      if (signatures.some((signature) => verified.get(signature) === data)) return 0
      const ways = acceptedWays()
      const found = ways.findIndex((way) => {
        const fitting = signatures.filter(({ length }) => length === LENGTH[way.digest])
        if (fitting.length === 0) return false
        const expected = mac(way.digest, way.key, data)
        const fits = fitting.some((signature) => equal(expected, signature))
        if (fits && way === current[0]) verified.offer(expected, data)
        return fits
      })
      if (found < 0) return undefined
      // What a server of the next phase signed is not signed anew: the two would take turns at that.
      return acceptsSha256 && ways[found] === newer[0] ? 0 : found
    },
  }
}

function isKey(key: unknown): key is Key {
  return (typeof key === 'string' || key instanceof Uint8Array) && key.length > 0
}

// ASVS 11.2.3 asks for 128 bits. Applications have used shorter keys for years, so only a first key that
// can be guessed is refused. The keys of a Keygrip cannot be read.
const MAX_REFUSED_BYTES = 8
const MIN_GOOD_BYTES = 16
const MAX_KEYS = 32

/** @throws {SessionError} ERR_SESSION_KEYS when the key that signs can be guessed; `keys`: of the app. */
export function assertFirstKey(keys: unknown): void {
  const first: unknown = Array.isArray(keys) ? keys[0] : undefined
  if (!isKey(first) || Buffer.byteLength(first) > MAX_REFUSED_BYTES) return
  throw new SessionError(
    'ERR_SESSION_KEYS',
    `The first key of app.keys has at most ${MAX_REFUSED_BYTES} bytes, so that it can be guessed: put a secret of at least ${MIN_GOOD_BYTES} random bytes in front of it, and leave the short keys behind it until their cookies are gone. No user is logged out.`,
  )
}

function assess(keys: readonly Key[]): void {
  assertFirstKey(keys)
  if (keys.length > MAX_KEYS) {
    throw new SessionError(
      'ERR_SESSION_KEYS',
      `app.keys has more than ${MAX_KEYS} keys: remove the oldest ones`,
    )
  }
  if (keys.every((key) => Buffer.byteLength(key) >= MIN_GOOD_BYTES)) return
  process.emitWarning(
    `A key of app.keys has less than ${MIN_GOOD_BYTES} bytes: put a long random one in front, and drop the short one when its cookies are gone.`,
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
    index: (data, signatures) => {
      for (const signature of signatures) {
        const at = index(data, signature)
        if (at >= 0) return at
      }
      return undefined
    },
  }
}

/** Keeps the signer of `app.keys`, and makes another when the keys are replaced, in place or as a whole. */
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
