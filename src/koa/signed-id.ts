import type { Context } from 'koa'
import type { SessionCookie } from '../cookie/attributes.js'
import { readCookie, readCookies } from '../cookie/header.js'
import { cookieLines } from '../cookie/set-cookie.js'
import { assertFirstKey, type Signer, type SignerCache } from '../cookie/signature.js'
import { isId } from '../session/id.js'
import type { ContentReading, CookieContent, CookieLine } from './cookie-content.js'
import type { Exchange, PresentedCookie } from './id-transport.js'

/** The cookie's value is the id, with a signature by `app.keys` in a cookie beside it. */
export class SignedId implements CookieContent {
  readonly isId = true
  readonly #signers: SignerCache
  readonly #isSigned: boolean

  /** `isSigned`: as the options say; a session may alter that for its own cookie. */
  constructor(signers: SignerCache, isSigned: boolean) {
    this.#signers = signers
    this.#isSigned = isSigned
  }

  read(exchange: Exchange, header: string, name: string): ContentReading | undefined {
    const reading = readCookie(header, name, this.#verifier(exchange), isId)
    return reading?.kind === 'id' ? { kind: 'presented', presented: reading } : reading
  }

  readAll(
    exchange: Exchange,
    header: string,
    name: string,
    behind: string | undefined,
  ): PresentedCookie[] | undefined {
    return readCookies(header, name, this.#verifier(exchange), isId, behind)
  }

  write(exchange: Exchange, { name, record, cookie, attributes }: CookieLine): string[] {
    const id = record?.id ?? ''
    const { presentedCookie } = exchange
    const known = presentedCookie?.id === id ? presentedCookie.signature : undefined
    return cookieLines(
      name,
      id,
      attributes,
      cookie.signed ? this.#signer(exchange) : undefined,
      known,
    )
  }

  assertReady({ app }: Context): void {
    if (this.#isSigned) assertFirstKey(app.keys)
  }

  assertWritable(exchange: Exchange, cookie: SessionCookie): void {
    if (cookie.signed) this.#signer(exchange)
  }

  #verifier(exchange: Exchange): Signer | undefined {
    return this.#isSigned ? this.#signer(exchange) : undefined
  }

  #signer({ ctx }: Exchange): Signer {
    return this.#signers.get(ctx.app.keys)
  }
}
