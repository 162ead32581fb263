import type { Context } from 'koa'
import type { LoadedRecord } from '../record/records.js'
import type { LoadResult } from '../session/transport.js'
import { SessionError } from '../util/errors.js'

/** The session of a request, as far as its signal depends on it. */
interface SignalledSession {
  readonly session: object | null
  readonly record: LoadedRecord | undefined
  readonly loaded: LoadResult | undefined
}

/** Holds sessions for connections. */
export interface SessionHolder {
  /** @throws {SessionError} ERR_SESSION_UNAVAILABLE, ERR_SESSION_OPTION */
  hold(record: LoadedRecord): { readonly signal: AbortSignal; close(): void }
}

interface SignalSettings {
  defer: boolean
  connections: SessionHolder
}

/** `ctx.sessionSignal` of one request. */
export class SessionSignal {
  readonly #ctx: Context
  readonly #session: SignalledSession
  readonly #settings: SignalSettings
  #held: { id: string; signal: AbortSignal } | undefined

  constructor(ctx: Context, session: SignalledSession, settings: SignalSettings) {
    this.#ctx = ctx
    this.#session = session
    this.#settings = settings
  }

  /**
   * The signal of the session as it is now; undefined: it is not stored.
   * @throws {SessionError} ERR_SESSION_CONTEXT, ERR_SESSION_OPTION, ERR_SESSION_UNAVAILABLE
   */
  get current(): AbortSignal | undefined {
    const { connections, defer } = this.#settings
    if (defer && !this.#session.loaded)
      throw new SessionError(
        'ERR_SESSION_CONTEXT',
        'ctx.sessionSignal needs a session that was read: await ctx.session first',
      )
    const record = this.#session.session ? this.#session.record : undefined
    if (!record) return undefined
    if (this.#held?.id !== record.id) this.#held = this.#hold(connections, record)
    return this.#held.signal
  }

  #hold(connections: SessionHolder, record: LoadedRecord) {
    const connection = connections.hold(record)
    whenClosed(this.#ctx, () => connection.close())
    return { id: record.id, signal: connection.signal }
  }
}

/** Calls a listener when the answer is sent or its connection is lost. */
function whenClosed({ req, res }: Context, listener: () => void): void {
  // The context of a WebSocket has no response, or one without a socket.
  const answer = (res as Context['res'] | undefined)?.socket ? res : req.socket
  if (answer.destroyed || res?.closed) listener()
  else answer.once('close', listener)
}
