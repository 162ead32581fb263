/** Says once, and loudly, that a cookie goes out without Secure although the operator may count on it. */
export class Downgrade {
  readonly #expected: boolean
  #wasSecure = false
  #said = false

  /** `expected`: the operator asked for `secure: 'auto'`. */
  constructor(expected: boolean) {
    this.#expected = expected
  }

  /** `forwarded`: a proxy says that it speaks TLS, and app.proxy does not let it count. */
  note(secure: boolean, forwarded: boolean): void {
    this.#wasSecure ||= secure
    if (secure || this.#said || !(this.#expected || this.#wasSecure || forwarded)) return
    this.#said = true
    process.emitWarning(
      'A session cookie was sent without Secure, over a connection that Koa takes for a plain one. Behind a proxy that ends TLS set app.proxy = true; to refuse plain connections set cookie.secure = true; where they are meant, set it to false.',
      { code: 'KOA_SESS_INSECURE_COOKIE' },
    )
  }
}
