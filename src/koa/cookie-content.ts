import type { SessionCookie } from '../cookie/attributes.js'
import type { LoadedRecord } from '../record/records.js'
import type { Rejection } from '../util/events.js'
import type { Exchange, Incoming, PresentedCookie } from './id-transport.js'

/** What the cookies of a name present, or why they are refused. */
export type ContentReading =
  | { kind: 'presented'; presented: PresentedCookie }
  | { kind: 'refused'; why: Rejection }

export interface CookieLine {
  name: string
  /** undefined: the cookie is cleared. */
  record: LoadedRecord | undefined
  cookie: SessionCookie
  /** The attributes as Set-Cookie has them. */
  attributes: string
}

/** What the value of a session cookie is: a signed id, or the encrypted record itself. */
export interface CookieContent {
  /** The value is an id, which leads to a record in a store. */
  readonly isId: boolean
  read(incoming: Incoming, header: string, name: string): ContentReading | undefined
  /**
   * What each cookie of a name presents, of those that `read` would accept: those behind an id, or all
   * of them. undefined: that id is not among them.
   */
  readAll(
    incoming: Incoming,
    header: string,
    name: string,
    behind: string | undefined,
  ): PresentedCookie[] | undefined
  /** The Set-Cookie lines. */
  write(exchange: Exchange, line: CookieLine): string[]
  /** @throws {SessionError} ERR_SESSION_KEYS when the first key can be guessed. */
  assertReady(keys: unknown): void
  /** @throws {SessionError} ERR_SESSION_KEYS when the cookie could not be signed. */
  assertWritable(exchange: Exchange, cookie: SessionCookie): void
}
