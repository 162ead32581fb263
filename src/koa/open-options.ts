import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Awaitable } from '../util/async.js'

/** A request that a connection begins with: of HTTP/1 or HTTP/2, or the headers of a stream. */
export type OpeningRequest =
  | IncomingMessage
  | Http2ServerRequest
  | { readonly headers: { readonly cookie?: string | undefined } }

/**
 * The options of `sessions.open()`.
 * @since Unreleased
 */
export interface OpenOptions<Request extends OpeningRequest = OpeningRequest> {
  /**
   * The checks of the session extend it, as long as the connection is open.
   * @default false
   * @example await sessions.open(req, { extend: true })
   */
  extend?: boolean | undefined
  /**
   * Finds the id in the request; with the option `sessionIdStore`, and only then.
   * @default none: the id is in the cookie
   * @example await sessions.open(req, { id: ({ headers }) => `${headers['x-session']}` })
   */
  id?: ((req: Request) => Awaitable<string | null | undefined>) | undefined
}
