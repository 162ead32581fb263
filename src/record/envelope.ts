import { createHash } from 'node:crypto'
import { SessionError } from '../util/errors.js'
import type { Seal } from './seal.js'

/** A record of a request: the id, the key it stands under, what stands there, and what that means. */
export interface Held {
  id: string
  key: string
  /** Exactly as the store has it: what compare-and-set compares with. */
  raw: string
  /** The record as JSON. */
  value: string
}

export interface VaultOptions {
  prefix: string
  maxBytes: number
  now: () => number
  /** Store under a hash of the id; what stands under the bare id is looked at until then (epoch ms). */
  hashed?: { plainUntil: number } | undefined
  /** Seal records; those that are not sealed are read until then (epoch ms). */
  sealed?: { seal: Seal; plainUntil: number } | undefined
}

// What no id can hold (id.ts), so that the key of a hash can be asked for by no id, not even as a bare one.
const MARK = '#'
const SEALED = '{"sealed":"'

/** How records lie in the store: under which key, sealed or not, and how large. */
export class Vault {
  readonly prefix: string
  readonly #options: VaultOptions

  constructor(options: VaultOptions) {
    this.prefix = options.prefix
    this.#options = options
  }

  key(id: string): string {
    return this.prefix + (this.#options.hashed ? MARK + sha256(id) : id)
  }

  /** Where a session stood before ids were hashed, while that is still looked at. */
  olderKey(id: string): string | undefined {
    const { hashed, now } = this.#options
    return hashed && now() < hashed.plainUntil ? this.prefix + id : undefined
  }

  /** @throws {SessionError} ERR_SESSION_SIZE, before anything is written. */
  pack(key: string, value: string): string {
    const { sealed, maxBytes } = this.#options
    const raw = sealed ? `${SEALED}${sealed.seal.seal(value, key)}"}` : value
    // No character takes more than three bytes of UTF-8.
    if (raw.length * 3 > maxBytes && Buffer.byteLength(raw) > maxBytes) throw tooLarge(maxBytes)
    return raw
  }

  /** undefined: sealed with another key or for another place, or not sealed although it should be. */
  unpack(key: string, raw: string): string | undefined {
    const { sealed, now } = this.#options
    if (!sealed) return raw
    if (isSealed(raw)) return sealed.seal.open(raw.slice(SEALED.length, -2), key)
    return now() < sealed.plainUntil ? raw : undefined
  }

  /** Whether a record lies where and as it would be written today. */
  isCurrent({ key, raw }: Held): boolean {
    if (this.#options.hashed && !key.startsWith(this.prefix + MARK)) return false
    return !this.#options.sealed || isSealed(raw)
  }
}

function isSealed(raw: string): boolean {
  return raw.startsWith(SEALED) && raw.endsWith('"}')
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
