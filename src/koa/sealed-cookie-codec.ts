import { decode, encode } from '../record/format.js'
import { makeSeal, type Seal, type SealKey } from '../record/seal.js'
import { ONE_DAY } from '../util/duration.js'
import type { Rejection } from '../util/events.js'

/** A session as its cookie carries it. */
export interface Baked {
  id: string
  value: string
  expiresAt: number
}

/** Makes the text of a cookie out of a session, and the session out of the text. */
export class Baker {
  readonly #seal: Seal
  readonly #epoch: number
  readonly #plainUntil: number
  readonly #now: () => number

  /** @throws {SessionError} ERR_SESSION_OPTION */
  constructor(
    keys: readonly SealKey[],
    epoch: number,
    plainUntil: Date | undefined,
    now: () => number,
  ) {
    this.#seal = makeSeal(keys, 'cookie')
    this.#epoch = epoch
    this.#plainUntil = plainUntil?.getTime() ?? 0
    this.#now = now
  }

  /** Sealed for the cookie's name: under another name it opens for nobody. */
  bake(name: string, { id, value, expiresAt }: Baked): string {
    return this.#seal.seal(`${this.#epoch} ${expiresAt} ${id} ${value}`, name)
  }

  open(name: string, text: string): Baked | Rejection {
    const opened = /^(-?\d+) ([\d.]+) (\S+) (.*)$/s.exec(this.#seal.open(text, name) ?? '')
    if (!opened) return 'signature'
    const [, epoch, expiresAt, id = '', value = ''] = opened
    if (Number(epoch) !== this.#epoch) return 'superseded'
    if (Number(expiresAt) <= this.#now()) return 'expired'
    return { id, value, expiresAt: Number(expiresAt) }
  }

  /** Whether the key in use sealed it. */
  isCurrent(text: string): boolean {
    return this.#seal.isCurrent(text)
  }

  get readsPlain(): boolean {
    return this.#now() < this.#plainUntil
  }

  /** The unencrypted payload of koa-session: base64 of JSON, with its lifetime in it. */
  openPlain(text: string, id: string): Baked | Rejection {
    const record = decode(Buffer.from(text, 'base64').toString())
    if (!record) return 'shape'
    const { peer, data, cookie } = record
    const expiresAt = typeof peer === 'object' ? peer.expire : this.#now() + ONE_DAY
    if (expiresAt <= this.#now()) return 'expired'
    return { id, expiresAt, value: encode(data, JSON.stringify(cookie ?? { own: [] })) }
  }
}
