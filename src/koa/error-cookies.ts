import type { Context } from 'koa'

/** What put cookies on an answer, and what did before it in the same request. */
interface CookieSource {
  readonly before: CookieSource | undefined
  restoreCookies(): void
}

/**
 * Makes session cookies survive Koa's answer to an error, which drops all headers. The cookies are
 * put back when that answer ends. They are not put on the error: a handler that throws it again in
 * another request would send this user's cookie there. `onerror` is wrapped once for an app: a
 * listener for each request would keep the request alive for as long as its response.
 * @param latest The source that began last in a request.
 */
export function restoreCookiesAfterErrors(
  context: Context['app']['context'],
  latest: (ctx: object) => CookieSource | undefined,
): void {
  const { onerror } = context
  context.onerror = function (this: Context, error) {
    const source = latest(this)
    // Koa calls it for every answer, most often without an error.
    if (!source || error === null || error === undefined) return onerror.call(this, error)
    const { res } = this
    const { end } = res
    res.end = ((...args: Parameters<typeof end>) => {
      for (let at: CookieSource | undefined = source; at; at = at.before) at.restoreCookies()
      return end.apply(res, args)
    }) as typeof end
    try {
      onerror.call(this, error)
    } finally {
      res.end = end
    }
  }
}
