import type { Context } from 'koa'
import type { LoadedRecord } from '../record/records.js'
import type { Session } from '../session/session.js'
import type { Presented } from '../session/transport.js'
import type { Awaitable } from '../util/async.js'
import type { EventDetails, SessionEvent } from '../util/events.js'

/** A request, as far as its cookie is read. */
export interface Incoming {
  /** The Cookie header. */
  readonly cookieHeader: string | undefined
  /** `app.keys`. */
  readonly keys: unknown
  /** What the request presented; the transport that reads it leaves it here. */
  presentedCookie: PresentedCookie | undefined
  emit(event: SessionEvent, details?: EventDetails): void
}

/** A request and its answer, as far as a transport needs them. */
export interface Exchange extends Incoming {
  readonly ctx: Context
  /** Sets Set-Cookie lines in place of earlier ones of the same names. They survive an error's answer. */
  setCookies(lines: readonly string[]): void
  /** Runs work of the application that sets headers. They survive an error's answer. */
  carryHeaders(work: () => Awaitable<unknown>): Promise<void>
  /** Whether Set-Cookie can still be sent. */
  readonly canSend: boolean
  /** Whether the client's connection is encrypted. */
  readonly isSecure: boolean
}

/** An id that a cookie presented. */
export interface PresentedCookie extends Presented {
  /** Its signature, where the current key made it: the same id need not be signed again. */
  signature?: string | undefined
  /** It is an unencrypted cookie of koa-session, whose signature is in a cookie of its own. */
  isPlain?: boolean | undefined
}

/** Reads ids of requests that nothing is sent to. */
export interface IdReader {
  present(incoming: Incoming): Awaitable<Presented | undefined>
  /** The other verified ids of the request, at most three. */
  others(incoming: Incoming, id: string): readonly Presented[]
  /** @throws {SessionError} ERR_SESSION_KEYS when the first key of `app.keys` can be guessed. */
  assertReady(keys: unknown): void
}

/** One way in which ids travel, for all requests of a middleware. */
export interface IdTransport {
  /** An id alone leads to a session: the application may present one by `ctx.sessionId`. */
  readonly carriesIds: boolean
  present(exchange: Exchange): Awaitable<Presented | undefined>
  /** The other verified ids of the request, at most three. */
  others(exchange: Exchange, id: string): readonly Presented[]
  /**
   * Called at each request until it returns.
   * @throws {SessionError} ERR_SESSION_KEYS when the first key of `app.keys` can be guessed.
   */
  assertReady(keys: unknown): void
  /** Whether a new id can still reach the client. */
  canSendId(exchange: Exchange): boolean
  /** A new session was not stored, as its id cannot reach the client. */
  withhold(exchange: Exchange): void
  /** @throws {SessionError} ERR_SESSION_INSECURE, ERR_SESSION_KEYS, while nothing is written yet. */
  assertSendable(exchange: Exchange, session: Session): void
  send(exchange: Exchange, record: LoadedRecord, session: Session): Awaitable<void>
  clear(exchange: Exchange, session: Session): Awaitable<void>
}
