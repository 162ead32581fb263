import type { RegenerateOptions } from '../session/regenerate-options.js'
import type { Session, SessionOf } from '../session/session.js'
import type { SessionAdmin } from '../session/session-admin.js'
import type { CurrentSessions } from '../users/current-sessions.js'

declare global {
  /** The keys of your sessions. Augment it, and `ctx.session` is typed everywhere. */
  interface SessionData {}
  /** Augment it with `defer: true` where `ctx.session` is a promise. */
  interface SessionMode {}
}

/** What `ctx.session` can be set to. */
// Unbounded, or TypeScript would simplify `Data & object`, and an empty interface takes numbers and texts.
export type SessionValue<Data> = (Data & object) | (Session & Data) | null

/**
 * What the middleware adds to a context, the session aside.
 * @since 1.0.0
 */
export interface SessionTools<Data extends object = SessionData> {
  /**
   * The session id; undefined until there is data to store. Set it before the middleware runs to load that session.
   * @example const id = ctx.sessionId
   */
  get sessionId(): string | undefined
  set sessionId(id: string)
  /**
   * True forces a save. False: this request writes and extends nothing by itself, while an explicit
   * save or update does; set it before the middleware runs, and reads cost the least. undefined: the
   * session is saved if it changed.
   * @example if (ctx.path === '/poll') ctx.sessionSave = false
   */
  sessionSave: boolean | null | undefined
  /**
   * Reads, writes and ends sessions by their id.
   * @example const other = await ctx.sessionStore.get(id)
   */
  readonly sessionStore: SessionAdmin
  /**
   * Aborted when the session ends: at once when it ends in this process, else within `recheck`. Its
   * reason is a `SessionError` with `kind`: `ended`, `moved` (to a new id) or `expired`. Undefined: no
   * session is stored; `await ctx.saveSession()` stores one. The session is checked until the answer closes.
   * @throws {SessionError} ERR_SESSION_CONTEXT with `defer`, before `await ctx.session`.
   * @since Unreleased
   * @example ctx.sessionSignal?.addEventListener('abort', () => ctx.res.end())
   */
  readonly sessionSignal: AbortSignal | undefined
  /**
   * The sessions of this user, on every browser; with the option `users`.
   * @since Unreleased
   * @example ctx.body = await ctx.sessions.list()
   */
  readonly sessions: CurrentSessions
  /**
   * Writes now instead of after the handlers, even an empty session, and sets the cookie. Resolves to
   * true; to false when the session has ended, and nothing was stored.
   * @example await ctx.saveSession()
   */
  saveSession(): Promise<boolean>
  /**
   * Moves to a new id, empty but for the keys in `keep`. Where they are all keys, this user's cookie is
   * kept too. Awaiting it is optional.
   * @example ctx.regenerateSession({ keep: ['cart'] })
   */
  regenerateSession(options?: RegenerateOptions): Promise<SessionOf<Data>>
  /**
   * Reads, changes and writes as one step: see `session.update`.
   * @example await ctx.updateSession((session) => { session.views = (session.views ?? 0) + 1 })
   */
  updateSession<T>(change: (session: SessionOf<Data>) => T | Promise<T>): Promise<T>
}

/** The keys of the sessions of a context. */
export type DataOf<Context> = Context extends SessionTools<infer Data> ? Data : SessionData

/**
 * The context behind `session<Data>()`.
 * @since 1.0.0
 */
export interface SessionContext<Data extends object = SessionData> extends SessionTools<Data> {
  /**
   * The session: read it, change it, set it to another object, or set it to null to end it. With `defer:
   * true`, reading it returns a promise.
   * @example ctx.session.user = 'ada'
   */
  get session(): SessionOf<Data>
  set session(value: SessionValue<Data>)
}

/** The context behind `session<Data>({ defer: true })`: the getter returns a promise. */
export interface DeferredSessionContext<Data extends object = SessionData>
  extends SessionTools<Data> {
  get session(): Promise<SessionOf<Data>>
  set session(value: SessionValue<Data>)
}

type Ambient = SessionMode extends { defer: true }
  ? Promise<SessionOf<SessionData>>
  : SessionOf<SessionData>

declare module 'koa' {
  interface ExtendableContext extends SessionTools {
    get session(): Ambient
    set session(value: SessionValue<SessionData>)
  }
}
