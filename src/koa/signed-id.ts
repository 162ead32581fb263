import type { SessionCookie } from '../cookie/attributes.js'
import { readCookie, readCookies } from '../cookie/header.js'
import { cookieLines } from '../cookie/set-cookie.js'
import { assertFirstKey, type Signer, type SignerCache } from '../cookie/signature.js'
import { isId } from '../session/id.js'
import type { ContentReading, CookieContent, CookieLine } from './cookie-content.js'
import type { Exchange, Incoming, PresentedCookie } from './id-transport.js'

/** The cookie's value is the id, with a signature by `app.keys` in a cookie beside it. */
export class SignedId implements CookieContent {
  readonly isId = true
  readonly #signers: SignerCache
  readonly #isSigned: boolean

  /**
   * `isSigned`: as the options say. Then requests are verified, so that no session's own `signed: false`
   * may leave the signature out: its next request would not find it.
   */
  constructor(signers: SignerCache, isSigned: boolean) {
    this.#signers = signers
    this.#isSigned = isSigned
  }

  read(incoming: Incoming, header: string, name: string): ContentReading | undefined {
    const reading = readCookie(header, name, this.#verifier(incoming), isId)
    return reading?.kind === 'id' ? { kind: 'presented', presented: reading } : reading
  }

  readAll(
    incoming: Incoming,
    header: string,
    name: string,
    behind: string | undefined,
  ): PresentedCookie[] | undefined {
    return readCookies(header, name, this.#verifier(incoming), isId, behind)
  }

  write(exchange: Exchange, { name, record, cookie, attributes }: CookieLine): string[] {
    const id = record?.id ?? ''
    const { presentedCookie } = exchange
    const known = presentedCookie?.id === id ? presentedCookie.signature : undefined
    return cookieLines(
      name,
      id,
      attributes,
      this.#signs(cookie) ? this.#signer(exchange) : undefined,
      known,
    )
  }

  assertReady(keys: unknown): void {
    if (this.#isSigned) assertFirstKey(keys)
  }

  assertWritable(exchange: Exchange, cookie: SessionCookie): void {
    if (this.#signs(cookie)) this.#signer(exchange)
  }

  #signs(cookie: SessionCookie): boolean {
    return this.#isSigned || cookie.signed
  }

  #verifier(incoming: Incoming): Signer | undefined {
    return this.#isSigned ? this.#signer(incoming) : undefined
  }

  #signer({ keys }: Incoming): Signer {
    return this.#signers.get(keys)
  }
}
