import type { Context } from 'koa'
import { isForSharedCaches } from '../cookie/shared-caches.js'
import type { SessionHookOptions } from '../options/session-options.js'
import type { LoadedRecord } from '../record/records.js'
import type { StoreFailure } from '../record/store-guard.js'
import { generateId, isId } from '../session/id.js'
import type { Session } from '../session/session.js'
import type { SessionAdmin } from '../session/session-admin.js'
import type { Presented, SessionRequest } from '../session/transport.js'
import { type CurrentSession, CurrentSessions } from '../users/current-sessions.js'
import type { UserRegistry } from '../users/user-registry.js'
import type { Awaitable } from '../util/async.js'
import type { EventDetails, Events, SessionEvent } from '../util/events.js'
import type { ContextScope, ContextSession, ScopeIdentity } from './context-state.js'
import type { Exchange, IdTransport, PresentedCookie } from './id-transport.js'
import { SessionHeaders } from './session-headers.js'
import { type SessionHolder, SessionSignal } from './session-signal.js'
import { hasUsedCookies } from './used-cookies.js'

const ID_LENGTH = 24

/** The session of a request, as far as its middleware uses it. */
export interface ScopeSession extends ContextSession, CurrentSession {
  /** The record that the current session continues; undefined: it needs a new one. */
  readonly record: LoadedRecord | undefined
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
  /** undefined: the option `users` is not set. */
  users: UserRegistry | undefined
  connections: SessionHolder
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
  #isNoted = false
  #headers: SessionHeaders | undefined
  #sessions: CurrentSessions | undefined
  #signal: SessionSignal | undefined

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

  /** `ctx.sessions`. */
  get sessions(): CurrentSessions {
    const { session, settings } = this
    this.#sessions ??= new CurrentSessions(session, settings.users, (event, details) =>
      this.emit(event, details),
    )
    return this.#sessions
  }

  get cookieHeader(): string | undefined {
    return this.ctx.req.headers.cookie
  }

  get keys(): unknown {
    return this.ctx.app.keys
  }

  /** `ctx.sessionSignal`. */
  get signal(): AbortSignal | undefined {
    this.#signal ??= new SessionSignal(this.ctx, this.session, this.settings)
    return this.#signal.current
  }

  presented(): Awaitable<Presented | undefined> {
    const { presetId } = this
    const { transport } = this.settings
    if (presetId === undefined || !transport.carriesIds) return transport.present(this)
    return isId(presetId) ? { id: presetId, stale: false } : undefined
  }

  others(id: string): readonly Presented[] {
    const { presetId, settings } = this
    const { transport } = settings
    return presetId === undefined || !transport.carriesIds ? transport.others(this, id) : []
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
    return genSid ? genSid.call(this.ctx, ID_LENGTH, this.ctx) : generateId()
  }

  async isValid(session: Session): Promise<boolean> {
    return Boolean(await this.settings.hooks.valid?.call(this.ctx, this.ctx, session))
  }

  async beforeSave(session: Session): Promise<void> {
    await this.settings.hooks.beforeSave?.call(this.ctx, this.ctx, session)
  }

  describe(): unknown {
    return this.settings.hooks.describe?.call(this.ctx, this.ctx)
  }

  async handleStoreFailure({ error, call }: StoreFailure): Promise<void> {
    const { errorHandler } = this.settings.hooks
    if (!errorHandler) throw error
    await errorHandler.call(this.ctx, error, call, this.ctx)
  }

  emit(event: SessionEvent, details?: EventDetails): void {
    this.settings.events.emit(this.ctx, event, details)
  }

  /** What this session puts on the answer. Most requests put nothing there. */
  get #answer(): SessionHeaders {
    this.#headers ??= new SessionHeaders(this.ctx, this.settings.privateCache)
    return this.#headers
  }

  get canSend(): boolean {
    return this.#answer.canSend
  }

  get canSendId(): boolean {
    return this.settings.transport.canSendId(this)
  }

  withhold(): void {
    this.settings.transport.withhold(this)
  }

  /** Whether shared caches may store the answer, by what the handler said. */
  get isShared(): boolean {
    return this.canSend && isForSharedCaches(this.ctx.res.getHeader('Cache-Control'))
  }

  /** `ctx.cookies.secure` is how an application says that a proxy speaks TLS for it. */
  get isSecure(): boolean {
    return this.ctx.secure || (hasUsedCookies(this.ctx) && this.ctx.cookies.secure === true)
  }

  setCookies(lines: readonly string[]): void {
    this.#answer.setCookies(lines)
  }

  carryHeaders(work: () => Awaitable<unknown>): Promise<void> {
    return this.#answer.carry(work)
  }

  get canTakeBack(): boolean {
    return this.#headers?.canTakeBack ?? false
  }

  takeBack(): boolean {
    return this.#headers?.takeBack() ?? false
  }

  /** The answer depends on the session from now on. */
  noteUse(): void {
    if (this.#isNoted) return
    this.#isNoted = true
    if (this.settings.privateCache) this.#answer.expectGuard()
  }

  /** Keeps shared caches from storing the answer, if it can depend on the session. */
  guardCaches(): void {
    if (this.settings.privateCache && (this.#isNoted || this.session.isUsed)) this.#answer.guard()
  }
}
