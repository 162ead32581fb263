import { createHash } from 'node:crypto'
import { SessionError } from '../util/errors.js'
import type { Seal } from './seal.js'

export interface EnvelopeOptions {
  prefix: string
  /** The largest record, in bytes as stored. */
  maxBytes: number
  now: () => number
  /** Stores under a hash of the id. Bare ids are looked up until then (epoch ms). */
  hashed?: { plainUntil: number } | undefined
  /** Encrypts records. Unencrypted ones are read until then (epoch ms). */
  sealed?: { seal: Seal; plainUntil: number } | undefined
}

/** Before a hash in a key. No id can hold it, so no id leads to the key of a hash. */
const HASH_MARK = '#'
const SEALED_START = '{"sealed":"'
const SEALED_END = '"}'
/** What encryption adds at most, in bytes. */
const SEAL_BYTES = 100

/** How records are stored: under which key, encrypted or not, and how large. */
export class RecordEnvelope {
  readonly prefix: string
  readonly #options: EnvelopeOptions

  constructor(options: EnvelopeOptions) {
    this.prefix = options.prefix
    this.#options = options
  }

  /** No record of this length, in UTF-16 code units, is too large: each takes at most three bytes of UTF-8. */
  get safeLength(): number {
    const { sealed, maxBytes } = this.#options
    return sealed ? maxBytes / 4 - SEAL_BYTES : maxBytes / 3
  }

  /** Whether no two writes store the same value: encryption begins with a random nonce. */
  get isUnique(): boolean {
    return this.#options.sealed !== undefined
  }

  key(id: string): string {
    return this.prefix + (this.#options.hashed ? HASH_MARK + sha256(id) : id)
  }

  /** The key that a session had before ids were hashed, while that one is still looked up. */
  legacyKey(id: string): string | undefined {
    const { hashed, now } = this.#options
    return hashed && now() < hashed.plainUntil ? this.prefix + id : undefined
  }

  /**
   * The value to store for a record.
   * @throws {SessionError} ERR_SESSION_SIZE, before anything is written.
   */
  wrap(key: string, value: string): string {
    const { sealed, maxBytes } = this.#options
    const raw = sealed ? `${SEALED_START}${sealed.seal.seal(value, key)}${SEALED_END}` : value
    // A UTF-16 code unit takes at most three bytes of UTF-8.
    if (raw.length * 3 > maxBytes && Buffer.byteLength(raw) > maxBytes) throw tooLarge(maxBytes)
    return raw
  }

  /** The record of a stored value; undefined: no key opens it, or it is not encrypted and must be. */
  unwrap(key: string, raw: string): string | undefined {
    const { sealed, now } = this.#options
    if (!sealed) return raw
    if (isSealed(raw))
      return sealed.seal.open(raw.slice(SEALED_START.length, -SEALED_END.length), key)
    return now() < sealed.plainUntil ? raw : undefined
  }

  /** Whether a record has the key and the form in which it would be written today. */
  isCurrent({ key, raw }: { key: string; raw: string }): boolean {
    if (this.#options.hashed && !key.startsWith(this.prefix + HASH_MARK)) return false
    return !this.#options.sealed || isSealed(raw)
  }
}

function isSealed(raw: string): boolean {
  return raw.startsWith(SEALED_START) && raw.endsWith(SEALED_END)
}

function sha256(id: string): string {
  return createHash('sha256').update(id).digest('base64url')
}

function tooLarge(maxBytes: number): SessionError {
  return new SessionError(
    'ERR_SESSION_SIZE',
    `The session is larger than maxBytes (${maxBytes} bytes as stored), and nothing was written: keep large data elsewhere and its key in the session, or raise maxBytes`,
  )
}
