import type { Context } from 'koa'
import { mergeLines } from '../cookie/set-cookie.js'
import type { SessionHookOptions } from '../options/session-options.js'
import type { LoadedRecord } from '../record/records.js'
import type { StoreFailure } from '../record/store-guard.js'
import { generateId, isId } from '../session/id.js'
import type { Session } from '../session/session.js'
import type { SessionAdmin } from '../session/session-admin.js'
import type { Presented, SessionRequest } from '../session/transport.js'
import type { Awaitable } from '../util/async.js'
import type { EventDetails, Events, SessionEvent } from '../util/events.js'
import type { ContextScope, ContextSession, ScopeIdentity } from './context-state.js'
import type { Exchange, IdTransport, PresentedCookie } from './id-transport.js'
import { hasUsedCookies } from './used-cookies.js'

const ID_LENGTH = 24

/** The session of a request, as far as its middleware uses it. */
export interface ScopeSession extends ContextSession {
  /** Commits, and makes sure that the answer sets no cookie of an ended session. */
  finish(): Awaitable<void>
  /** Whether anything of the answer can depend on the session. */
  readonly isUsed: boolean
}

/** What the scopes of one middleware share. */
export interface ScopeSettings {
  /** Makes the session of a request. */
  open(request: SessionRequest): ScopeSession
  hooks: SessionHookOptions
  transport: IdTransport
  admin: SessionAdmin
  events: Events
  /** Sessions are read on first use, and `ctx.session` is a promise. */
  defer: boolean
  privateCache: boolean
  identity: ScopeIdentity
}

/** One middleware's session in one request: the session, and the request and answer around it. */
export class SessionScope implements SessionRequest, Exchange, ContextScope {
  readonly session: ScopeSession
  presentedCookie: PresentedCookie | undefined
  /** It has committed: the context belongs to another middleware now. */
  isDone = false
  /** The scope that began before it in this request. */
  before: ContextScope | undefined
  #lines: string[] = []

  constructor(
    readonly ctx: Context,
    readonly settings: ScopeSettings,
    /** The scope of the middleware around it. */
    readonly outer: ContextScope | undefined,
    /** What the application set `ctx.sessionId` to before the middleware ran. */
    readonly presetId: unknown,
  ) {
    this.session = settings.open(this)
  }

  presented(): Awaitable<Presented | undefined> {
    const { presetId } = this
    const { transport } = this.settings
    if (presetId === undefined || !transport.carriesIds) return transport.present(this)
    return isId(presetId) ? { id: presetId, stale: false } : undefined
  }

  assertSendable(session: Session): void {
    this.settings.transport.assertSendable(this, session)
  }

  send(record: LoadedRecord, session: Session): Awaitable<void> {
    return this.settings.transport.send(this, record, session)
  }

  clear(session: Session): Awaitable<void> {
    return this.settings.transport.clear(this, session)
  }

  newId(): Awaitable<string> {
    const { genSid } = this.settings.hooks
    return genSid ? genSid.call(this.ctx, ID_LENGTH) : generateId()
  }

  async isValid(session: Session): Promise<boolean> {
    return Boolean(await this.settings.hooks.valid?.(this.ctx, session))
  }

  async beforeSave(session: Session): Promise<void> {
    await this.settings.hooks.beforeSave?.(this.ctx, session)
  }

  async handleStoreFailure({ error, call }: StoreFailure): Promise<void> {
    const { errorHandler } = this.settings.hooks
    if (!errorHandler) throw error
    await errorHandler(error, call, this.ctx)
  }

  emit(event: SessionEvent, details?: EventDetails): void {
    this.settings.events.emit(this.ctx, event, details)
  }

  /** A WebSocket's context has no response, and the head of a stream may be sent already. */
  get canSend(): boolean {
    const { res } = this.ctx as { res?: Context['res'] }
    return res !== undefined && !res.headersSent
  }

  /** `ctx.cookies.secure` is how an application says that a proxy speaks TLS for it. */
  get isSecure(): boolean {
    return this.ctx.secure || (hasUsedCookies(this.ctx) && this.ctx.cookies.secure === true)
  }

  setCookies(lines: readonly string[]): void {
    this.#lines = mergeLines(this.#lines, lines)
    this.#writeLines()
  }

  /** Koa drops all headers when it answers an error: without this, the session's cookie would go too. */
  restoreCookies(): void {
    if (this.#lines.length > 0 && this.canSend) this.#writeLines()
  }

  get canTakeBack(): boolean {
    return this.#lines.length > 0 && this.canSend
  }

  takeBack(): void {
    if (!this.canTakeBack) return
    const { res } = this.ctx
    const rest = setCookieLines(res).filter((line) => !this.#lines.includes(line))
    if (rest.length > 0) res.setHeader('Set-Cookie', rest)
    else res.removeHeader('Set-Cookie')
    this.#lines = []
  }

  #writeLines(): void {
    const { res } = this.ctx
    res.setHeader('Set-Cookie', mergeLines(setCookieLines(res), this.#lines))
  }

  /**
   * Shared caches must not keep an answer that depends on the session (CVE-2023-30861). The
   * handler's own Cache-Control is kept.
   */
  guardCaches(): void {
    if (!this.settings.privateCache || !this.canSend) return
    const { res } = this.ctx
    if (!res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', 'private')
    if (res.hasHeader('Vary')) this.ctx.vary('Cookie')
    else res.setHeader('Vary', 'Cookie')
  }
}

function setCookieLines(res: Context['res']): string[] {
  const header = res.getHeader('Set-Cookie')
  if (header === undefined) return []
  return Array.isArray(header) ? header : [String(header)]
}
