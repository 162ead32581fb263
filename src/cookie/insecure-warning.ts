/** Warns once that a cookie is sent without Secure where the operator may rely on it. */
export class InsecureWarning {
  readonly #isExpected: boolean
  #wasSecure = false
  #hasWarned = false

  /** `isExpected`: the options say `secure: 'auto'`. */
  constructor(isExpected: boolean) {
    this.#isExpected = isExpected
  }

  /** `isForwarded`: a proxy says that the client speaks TLS, and `app.proxy` is not set. */
  note(isSecure: boolean, isForwarded: boolean): void {
    this.#wasSecure ||= isSecure
    const isSuspicious = this.#isExpected || this.#wasSecure || isForwarded
    if (isSecure || this.#hasWarned || !isSuspicious) return
    this.#hasWarned = true
    process.emitWarning(
      'A session cookie was sent without Secure, over a connection that Koa takes for plain HTTP. Behind a proxy that ends TLS set app.proxy = true; to refuse HTTP set cookie.secure = true; where HTTP is intended, set it to false.',
      { code: 'KOA_SESS_INSECURE_COOKIE' },
    )
  }
}
