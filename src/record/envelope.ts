import { createHash } from 'node:crypto'
import { SessionError } from '../util/errors.js'
import type { Seal } from './seal.js'
import { valueInTransit } from './tombstone.js'

export interface EnvelopeOptions {
  prefix: string
  /** The largest record, in bytes as stored. */
  maxBytes: number
  now: () => number
  /** Stores under a hash of the id. Bare ids are looked up until then (epoch ms). */
  hashed?: { plainUntil: number } | undefined
  /** Stores new sessions under bare ids. Hashed ones are looked up until then (epoch ms). */
  hashedUntil?: number | undefined
  sealed?: Sealing | undefined
}

/** How records are encrypted. */
export interface Sealing {
  seal: Seal
  /** Unencrypted records are read until then (epoch ms). */
  plainUntil: number
  /** Reads encrypted records and unencrypted ones, and writes unencrypted ones. */
  decryptOnly: boolean
}

/** Before a hash in a key. No id can hold it, so no id leads to the key of a hash. */
const HASH_MARK = '#'
const SEALED_START = '{"sealed":"'
const SEALED_END = '"}'
/** A store of get, set and destroy also keeps the deadline in the record. */
const SEALED = /^\{"sealed":"([\w.-]*)"(?:,"cookie":\{"deadline":"[\w.-]+"\})?\}$/
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
    const { maxBytes } = this.#options
    return this.#writesWith ? maxBytes / 4 - SEAL_BYTES : maxBytes / 3
  }

  /** Whether no two writes store the same value: encryption begins with a random nonce. */
  get isUnique(): boolean {
    return this.#writesWith !== undefined
  }

  /** What encrypts the records that are written. */
  get #writesWith(): Seal | undefined {
    const { sealed } = this.#options
    return sealed?.decryptOnly ? undefined : sealed?.seal
  }

  key(id: string): string {
    return this.#options.hashed ? this.#hashedKey(id) : this.prefix + id
  }

  /** The other key that a session may have, while that one is still looked up. */
  legacyKey(id: string): string | undefined {
    const { hashed, hashedUntil, now } = this.#options
    if (hashed) return now() < hashed.plainUntil ? this.prefix + id : undefined
    return hashedUntil !== undefined && now() < hashedUntil ? this.#hashedKey(id) : undefined
  }

  /**
   * Both keys of a session, in the order in which it moves: from the bare id to the hash. Undefined:
   * only one key is looked up. Processes that store under bare ids complete a move, and begin none.
   */
  keysOfMove(id: string): [bare: string, hashed: string] | undefined {
    return this.legacyKey(id) === undefined ? undefined : [this.prefix + id, this.#hashedKey(id)]
  }

  /** The key of the next write of a record: without `hashed`, a session under a hash stays there. */
  keyToWrite({ id, key }: { id: string; key: string }): string {
    return this.#options.hashed ? this.#hashedKey(id) : key
  }

  /**
   * The keys at which the session of a stored record may be; the one to which it moves is first. None:
   * no id leads to this record any more.
   */
  keysOfRecord(key: string): string[] {
    const { hashed } = this.#options
    const id = key.slice(this.prefix.length)
    const isMoving = this.legacyKey('') !== undefined
    if (id.startsWith(HASH_MARK)) return hashed || isMoving ? [key] : []
    if (!hashed) return [key]
    return isMoving ? [this.#hashedKey(id), key] : []
  }

  #hashedKey(id: string): string {
    return this.prefix + HASH_MARK + sha256(id)
  }

  /**
   * The value to store for a record.
   * @throws {SessionError} ERR_SESSION_SIZE, before anything is written.
   */
  wrap(key: string, value: string): string {
    const { maxBytes } = this.#options
    const seal = this.#writesWith
    const raw = seal ? `${SEALED_START}${seal.seal(value, key)}${SEALED_END}` : value
    // A UTF-16 code unit takes at most three bytes of UTF-8.
    if (raw.length * 3 > maxBytes && Buffer.byteLength(raw) > maxBytes) throw tooLarge(maxBytes)
    return raw
  }

  /**
   * The record of a stored value; undefined: no key opens it, or it is not encrypted and must be.
   * Without keys, an encrypted record is recognised all the same: it is not data of a session.
   */
  unwrap(key: string, raw: string): string | undefined {
    const { sealed, now } = this.#options
    const text = sealedText(raw)
    if (text !== undefined) return sealed?.seal.open(text, key)
    return !sealed || sealed.decryptOnly || now() < sealed.plainUntil ? raw : undefined
  }

  /** The same, of a value in transit too: that is encrypted for the key to which it moves. */
  unwrapMoving(key: string, raw: string): string | undefined {
    const moving = valueInTransit(raw)
    if (!moving) return this.unwrap(key, raw)
    const id = key.slice(this.prefix.length)
    return this.unwrap(id.startsWith(HASH_MARK) ? key : this.#hashedKey(id), moving.value)
  }

  /** Whether a record has the key and the form in which it would be written today. */
  isCurrent({ key, raw }: { key: string; raw: string }): boolean {
    if (this.#options.hashed && !key.startsWith(this.prefix + HASH_MARK)) return false
    return !this.#options.sealed || isSealed(raw) === this.isUnique
  }
}

function isSealed(raw: string): boolean {
  return sealedText(raw) !== undefined
}

/** The encrypted text in a stored value; undefined: it is not encrypted. */
function sealedText(raw: string): string | undefined {
  return raw.startsWith(SEALED_START) ? SEALED.exec(raw)?.[1] : undefined
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
