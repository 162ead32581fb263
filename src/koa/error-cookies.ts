import type { Context } from 'koa'
import { latestScopeOf } from './context-state.js'
import type { SessionScope } from './scope.js'

/**
 * Makes session cookies survive Koa's answer to an error, which drops all headers. The cookies are
 * put back when that answer ends. They are not put on the error: a handler that throws it again in
 * another request would send this user's cookie there. `onerror` is wrapped once for an app: a
 * listener for each request would keep the request alive for as long as its response.
 */
export function restoreCookiesAfterErrors(context: Context['app']['context']): void {
  const { onerror } = context
  context.onerror = function (this: Context, error) {
    const latest = latestScopeOf(this)
    // Koa calls it for every answer, most often without an error.
    if (!latest || error === null || error === undefined) return onerror.call(this, error)
    const { res } = this
    const { end } = res
    res.end = ((...args: Parameters<typeof end>) => {
      for (let scope: SessionScope | undefined = latest; scope; scope = scope.before)
        scope.restoreCookies()
      return end.apply(res, args)
    }) as typeof end
    try {
      onerror.call(this, error)
    } finally {
      res.end = end
    }
  }
}
