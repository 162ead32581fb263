import { encodeRecord, parseRecord } from '../record/format.js'
import { makeSeal, type Seal, type SealKey } from '../record/seal.js'
import { ONE_DAY } from '../util/duration.js'
import type { Rejection } from '../util/events.js'

/** A session as its cookie carries it. */
export interface CookieRecord {
  id: string
  /** The record as JSON. */
  value: string
  /** Epoch ms. */
  expiresAt: number
}

/** What the text of a cookie holds, or why it is refused. */
export type CookieOpening =
  | { kind: 'opened'; opened: CookieRecord }
  | { kind: 'refused'; why: Rejection }

export interface SealedCookieOptions {
  /** The first key encrypts, all of them decrypt. */
  keys: readonly SealKey[]
  /** Cookies of another epoch are refused. */
  epoch: number
  /** Until then the unencrypted cookies of koa-session are read. */
  plainUntil: Date | undefined
  now: () => number
}

/** Encrypts a session into the text of its cookie, and back. */
export class SealedCookieCodec {
  readonly #seal: Seal
  readonly #epoch: number
  readonly #plainUntil: number
  readonly #now: () => number

  /** @throws {SessionError} ERR_SESSION_OPTION */
  constructor({ keys, epoch, plainUntil, now }: SealedCookieOptions) {
    this.#seal = makeSeal(keys, 'cookie')
    this.#epoch = epoch
    this.#plainUntil = plainUntil?.getTime() ?? 0
    this.#now = now
  }

  /** The text of the cookie `name`. Under another name it does not open. */
  encrypt(name: string, { id, value, expiresAt }: CookieRecord): string {
    return this.#seal.seal(`${this.#epoch} ${expiresAt} ${id} ${value}`, name)
  }

  open(name: string, text: string): CookieOpening {
    const parts = /^(-?\d+) ([\d.]+) (\S+) (.*)$/s.exec(this.#seal.open(text, name) ?? '')
    if (!parts) return refused('signature')
    const [, epoch, expiresAt, id = '', value = ''] = parts
    if (Number(epoch) !== this.#epoch) return refused('superseded')
    if (Number(expiresAt) <= this.#now()) return refused('expired')
    return { kind: 'opened', opened: { id, value, expiresAt: Number(expiresAt) } }
  }

  /** Whether the current key encrypted it. */
  isCurrent(text: string): boolean {
    return this.#seal.isCurrent(text)
  }

  get readsPlain(): boolean {
    return this.#now() < this.#plainUntil
  }

  /** The unencrypted payload of koa-session: base64 of JSON, with its lifetime in it. It gets an id. */
  openPlain(text: string, id: string): CookieOpening {
    const content = parseRecord(Buffer.from(text, 'base64').toString())
    if (!content) return refused('shape')
    const { peer, data, cookie } = content
    const expiresAt = typeof peer === 'object' ? peer.expire : this.#now() + ONE_DAY
    if (expiresAt <= this.#now()) return refused('expired')
    const value = encodeRecord(data, JSON.stringify(cookie ?? { own: [] }))
    return { kind: 'opened', opened: { id, expiresAt, value } }
  }
}

function refused(why: Rejection): CookieOpening {
  return { kind: 'refused', why }
}
