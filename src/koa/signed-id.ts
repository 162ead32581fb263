import type { SessionCookie } from '../cookie/attributes.js'
import { readCookie } from '../cookie/header.js'
import { cookieLines } from '../cookie/set-cookie.js'
import type { Signer, SignerCache } from '../cookie/signature.js'
import { isId } from '../session/id.js'
import type { ContentReading, CookieContent, CookieLine } from './cookie-content.js'
import type { Exchange } from './id-transport.js'

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
    const signer = this.#isSigned ? this.#signer(exchange) : undefined
    const reading = readCookie(header, name, signer, isId)
    return reading?.kind === 'id' ? { kind: 'presented', presented: reading } : reading
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

  assertWritable(exchange: Exchange, cookie: SessionCookie): void {
    if (cookie.signed) this.#signer(exchange)
  }

  #signer({ ctx }: Exchange): Signer {
    return this.#signers.get(ctx.app.keys)
  }
}
