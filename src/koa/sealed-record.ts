import { cookieValues, readCookie } from '../cookie/header.js'
import type { SignerCache } from '../cookie/signature.js'
import { generateId } from '../session/id.js'
import type { Rejection } from '../util/events.js'
import type { ContentReading, CookieContent, CookieLine } from './cookie-content.js'
import type { Exchange, Incoming, PresentedCookie } from './id-transport.js'
import type { CookieRecord, SealedCookieCodec } from './sealed-cookie-codec.js'
import type { SealedCookieStore } from './sealed-cookie-store.js'

/** The cookie's value is the encrypted record itself. */
export class SealedRecord implements CookieContent {
  readonly isId = false
  readonly #codec: SealedCookieCodec
  readonly #records: SealedCookieStore
  /** For the cookies that koa-session signed. */
  readonly #signers: SignerCache

  constructor(codec: SealedCookieCodec, records: SealedCookieStore, signers: SignerCache) {
    this.#codec = codec
    this.#records = records
    this.#signers = signers
  }

  read(incoming: Incoming, header: string, name: string): ContentReading | undefined {
    let refused: Rejection | undefined
    for (const text of cookieValues(header, name)) {
      const opening = this.#codec.open(name, text)
      if (opening.kind === 'opened')
        return { kind: 'presented', presented: this.#presented(text, opening.opened) }
      refused ??= opening.why
    }
    if (!refused) return undefined
    return this.#readPlain(incoming, header, name) ?? { kind: 'refused', why: refused }
  }

  readAll(
    _incoming: Incoming,
    header: string,
    name: string,
    behind: string | undefined,
  ): PresentedCookie[] | undefined {
    const all = cookieValues(header, name).flatMap((text) => {
      const opening = this.#codec.open(name, text)
      return opening.kind === 'opened' ? [this.#presented(text, opening.opened)] : []
    })
    const at = all.findIndex(({ id }) => id === behind)
    if (behind === undefined || at >= 0) return all.slice(at + 1)
    return undefined
  }

  /** A cookie of koa-session has no id: its session gets one now. */
  #readPlain({ keys }: Incoming, header: string, name: string): ContentReading | undefined {
    if (!this.#codec.readsPlain) return undefined
    const reading = readCookie(header, name, this.#signers.get(keys), () => true)
    if (reading?.kind !== 'id') return reading
    const opening = this.#codec.openPlain(reading.id, generateId())
    if (opening.kind === 'refused') return opening
    const record = this.#records.received('', opening.opened)
    const presented = { id: record.id, record, stale: true, isPlain: true }
    return { kind: 'presented', presented }
  }

  #presented(text: string, opened: CookieRecord): PresentedCookie {
    const record = this.#records.received(text, opened)
    return { id: record.id, record, stale: !this.#codec.isCurrent(text) }
  }

  write({ presentedCookie }: Exchange, { name, record, attributes }: CookieLine): string[] {
    // A cookie of koa-session that stays as it is.
    if (record?.raw === '') return []
    const lines = [`${name}=${record?.raw ?? ''}${attributes}`]
    // An encrypted cookie needs no signature, so that the one of koa-session's cookie goes.
    if (presentedCookie?.isPlain)
      lines.push(`${name}.sig=; path=/; expires=${new Date(0).toUTCString()}`)
    return lines
  }

  assertReady(): void {}

  /** It is not signed, so that no key can be missing. */
  assertWritable(): void {}
}
