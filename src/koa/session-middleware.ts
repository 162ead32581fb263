import type { Middleware } from 'koa'
import type { LiveSession } from '../connections/live-session.js'
import type { UserId } from '../users/owner.js'
import type { UserSessions } from '../users/user-registry.js'
import type { OpeningRequest, OpenOptions } from './open-options.js'
import type { ContextData } from './types.js'

/**
 * The middleware.
 * @since 1.0.0
 */
export type SessionMiddleware<Added, Data extends object = ContextData<Added>> = Middleware<
  object,
  Added
> & {
  /**
   * The session of a request that begins a connection; undefined: it has none. Creates nothing and sends
   * nothing, with one read. `live.signal` is aborted when the session ends. docs/connections.md
   * @throws {SessionError} ERR_SESSION_CONTEXT before the first request, without the option `app`;
   * ERR_SESSION_OPTION with `koa-sess/cookie`; ERR_SESSION_DEVICE for a session that is bound to a device;
   * ERR_SESSION_UNAVAILABLE after `close()`; what the store throws.
   * @since Unreleased
   * @example const live = await sessions.open(req)
   */
  open<Request extends OpeningRequest>(
    req: Request,
    options?: OpenOptions<Request>,
  ): Promise<LiveSession<Data> | undefined>
  /**
   * Ends what the middleware started: timers, listeners, requests that wait.
   * @example sessions.close()
   */
  close(): void
  /**
   * The sessions of a user, outside of any request.
   * @throws {SessionError} ERR_SESSION_OPTION without the option `users`.
   * @since Unreleased
   * @example const all = await sessions.of('ada').list()
   */
  of(userId: UserId): UserSessions
}
