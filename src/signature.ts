import { createHmac, timingSafeEqual } from 'node:crypto'
import { SessionError } from './errors.js'

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

const mac = (key: Key, data: string) => createHmac('sha1', key).update(data).digest('base64url')

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** HMAC-SHA1 in unpadded base64url, as `cookies` and Keygrip have always written it, without their detours. */
function keyed(keys: readonly Key[]): Signer {
  const [first] = keys
  if (first === undefined || keys.some((key) => !key?.length)) throw missingKeys()
  return {
    sign: (data) => mac(first, data),
    index: (data, signatures) =>
      keys.findIndex((key) => {
        const expected = mac(key, data)
        return signatures.some((signature) => equal(expected, signature))
      }),
  }
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

  /**
   * @throws {SessionError} ERR_SESSION_KEYS when the app has no usable keys.
   */
  get(source: unknown): Signer {
    if (this.#signer && source === this.#source && this.#same(source)) return this.#signer
    this.#source = source
    this.#keys = Array.isArray(source) ? [...source] : []
    this.#signer = makeSigner(source)
    return this.#signer
  }

  #same(source: unknown): boolean {
    if (!Array.isArray(source)) return true
    return source.length === this.#keys.length && this.#keys.every((key, at) => key === source[at])
  }
}

function makeSigner(source: unknown): Signer {
  if (Array.isArray(source)) return keyed([...source])
  if (isKeygrip(source)) return grip(source)
  throw missingKeys()
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
