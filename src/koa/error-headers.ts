import type { Context } from 'koa'
import { completeHead } from './before-head.js'

/**
 * Completes the headers of Koa's answer to an error, which drops all headers, also where the response is
 * a test double or an adapter whose `end` does not call `writeHead`. They are not put on the error: a
 * handler that throws it again in another request would send this user's cookie there. `onerror` is
 * wrapped once for an app: a listener for each request would keep the request alive for as long as its
 * response.
 */
export function completeErrorHeaders(context: Context['app']['context']): void {
  const { onerror } = context
  context.onerror = function (this: Context, error) {
    const { res } = this as { res?: Context['res'] }
    // Koa calls it for every answer, most often without an error.
    if (!res || error === null || error === undefined) return onerror.call(this, error)
    const { end } = res
    res.end = ((...args: Parameters<typeof end>) => {
      completeHead(res)
      return end.apply(res, args)
    }) as typeof end
    try {
      onerror.call(this, error)
    } finally {
      res.end = end
    }
  }
}
