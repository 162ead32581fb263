import type { SessionCookie } from '../cookie/attributes.js'
import { InsecureWarning } from '../cookie/insecure-warning.js'
import { LateSaveWarning } from '../cookie/late-save-warning.js'
import { followsConnection, serializeAttributes } from '../cookie/set-cookie.js'
import type { LoadedRecord } from '../record/records.js'
import type { Lifetime } from '../session/lifetime.js'
import { Session } from '../session/session.js'
import type { Presented } from '../session/transport.js'
import { SessionError } from '../util/errors.js'
import type { Rejection } from '../util/events.js'
import type { CookieContent } from './cookie-content.js'
import type { Exchange, IdTransport, Incoming, PresentedCookie } from './id-transport.js'

export interface CookieTransportOptions {
  /** The name of the cookie. */
  key: string
  /** The names that it had before. */
  readKeys: readonly string[]
  /** The option `cookie.secure` is `auto`. */
  isAuto: boolean
  lifetime: Lifetime<Session>
}

/** Each costs a store command where the ones before it lead to no session (ASVS 15.2.2). */
const MAX_OTHERS = 3

/** Sessions travel in a cookie. */
export class CookieTransport implements IdTransport {
  readonly carriesIds: boolean
  readonly #key: string
  readonly #names: readonly string[]
  readonly #content: CookieContent
  readonly #lifetime: Lifetime<Session>
  readonly #warning: InsecureWarning
  readonly #lateWarning = new LateSaveWarning()

  constructor(content: CookieContent, options: CookieTransportOptions) {
    this.carriesIds = content.isId
    this.#key = options.key
    this.#names = [options.key, ...options.readKeys]
    this.#content = content
    this.#lifetime = options.lifetime
    this.#warning = new InsecureWarning(options.isAuto)
  }

  /** The cookie, or one of an earlier name, which is then to be sent under the current one. */
  present(incoming: Incoming): Presented | undefined {
    const header = incoming.cookieHeader
    if (!header) return undefined
    let refused: Rejection | undefined
    for (const name of this.#names) {
      if (!header.includes(name)) continue
      const reading = this.#content.read(incoming, header, name)
      if (reading?.kind === 'presented') return this.#presented(incoming, name, reading.presented)
      refused ??= reading?.why
    }
    if (refused) incoming.emit('reject', { why: refused })
    return undefined
  }

  #presented(incoming: Incoming, name: string, cookie: PresentedCookie): PresentedCookie {
    const presented = this.#underKey(name, cookie)
    incoming.presentedCookie = presented
    return presented
  }

  /** A cookie of an earlier name is to be sent again, under the current one. */
  #underKey(name: string, cookie: PresentedCookie): PresentedCookie {
    return name === this.#key ? cookie : { ...cookie, stale: true, signature: undefined }
  }

  /** A `domain` or a `path` that changed leaves a browser with several cookies of one name. */
  others(incoming: Incoming, id: string): readonly Presented[] {
    const { cookieHeader: header = '' } = incoming
    const found = new Map<string, PresentedCookie>()
    let behind: string | undefined = id
    for (const name of this.#names) {
      const cookies = header.includes(name)
        ? this.#content.readAll(incoming, header, name, behind)
        : undefined
      if (!cookies) continue
      // Under the next names, all of them are.
      behind = undefined
      for (const each of cookies)
        if (each.id !== id && !found.has(each.id)) found.set(each.id, this.#underKey(name, each))
    }
    return [...found.values()].slice(0, MAX_OTHERS)
  }

  assertReady(keys: unknown): void {
    this.#content.assertReady(keys)
  }

  /** Without a response, as in a WebSocket, the application carries the id. */
  canSendId({ ctx }: Exchange): boolean {
    return !ctx.res?.headersSent
  }

  withhold(exchange: Exchange): void {
    exchange.emit('unsent')
    this.#lateWarning.note()
  }

  assertSendable(exchange: Exchange, session: Session): void {
    if (!exchange.ctx.res) return
    const cookie = Session.sentCookie(session)
    this.#content.assertWritable(exchange, cookie)
    if (cookie.secure !== true || exchange.isSecure) return
    throw new SessionError(
      'ERR_SESSION_INSECURE',
      'A secure session cookie cannot be sent over plain HTTP: use TLS, or set app.proxy behind a proxy that sets X-Forwarded-Proto',
    )
  }

  send(exchange: Exchange, record: LoadedRecord, session: Session): void {
    const end = this.#lifetime.absoluteEnd(session)
    this.#set(exchange, this.#key, record, Session.sentCookie(session), end)
  }

  /** Clears it under its earlier names as well: otherwise the ended session would be looked up again. */
  clear(exchange: Exchange, session: Session): void {
    const sent = Session.sentCookie(session)
    const over: SessionCookie = Object.assign(Object.create(sent), { expires: new Date(0) })
    const { cookieHeader: header = '' } = exchange
    for (const name of this.#names)
      if (name === this.#key || header.includes(name)) this.#set(exchange, name, undefined, over)
  }

  #set(
    exchange: Exchange,
    name: string,
    record: LoadedRecord | undefined,
    cookie: SessionCookie,
    end?: number,
  ): void {
    if (!exchange.canSend) {
      exchange.emit('unsent')
      // The cookie is all that there is of the session.
      if (!this.#content.isId) this.#lateWarning.note()
      return
    }
    const { isSecure } = exchange
    if (followsConnection(cookie)) this.#warning.note(isSecure, isForwardedTls(exchange))
    const attributes = serializeAttributes(cookie, this.#lifetime.now(), isSecure, end)
    exchange.setCookies(this.#content.write(exchange, { name, record, cookie, attributes }))
  }
}

function isForwardedTls({ ctx }: Exchange): boolean {
  return /^\s*https\b/i.test(String(ctx.req.headers['x-forwarded-proto'] ?? ''))
}
