import type { RegenerateOptions } from '../session/declared-data.js'
import type { DataOf, Session, SessionOf } from '../session/session.js'
import type { SessionsById } from '../session/session-admin.js'
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
 * What the middleware adds to a context, whatever the data are.
 * @since 1.0.0
 */
interface RequestTools {
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
}

/**
 * What reads and writes data.
 * @since 1.0.0
 */
interface DataTools<Data extends object> {
  /**
   * Reads, writes and ends sessions by id.
   * @example const other = await ctx.sessionStore.get(id)
   */
  readonly sessionStore: SessionsById<Data>
  /**
   * Moves to a new id, empty but for the keys in `keep`. `keep: Object.keys(ctx.session)` keeps this user's
   * cookie too; with fewer keys, set `cookie.maxAge` again. Awaiting it is optional.
   * @example ctx.regenerateSession({ keep: ['cart'] })
   */
  regenerateSession(options?: RegenerateOptions<Data>): Promise<SessionOf<Data>>
  /**
   * Reads, changes and writes as one step: see `session.update`.
   * @example await ctx.updateSession((session) => { session.views = (session.views ?? 0) + 1 })
   */
  updateSession<T>(change: (session: SessionOf<Data>) => T | Promise<T>): Promise<T>
}

/**
 * What the middleware adds to a context, the session aside.
 * @since 1.0.0
 */
export interface SessionTools<Data extends object = SessionData>
  extends RequestTools,
    DataTools<Data> {}

/** The keys of the sessions of a context. */
export type ContextData<Context> = Context extends SessionTools<infer Data> ? Data : SessionData

/**
 * The context behind `session<Data>()`.
 * @since 1.0.0
 */
export interface SessionContext<Data extends object = SessionData> extends SessionTools<Data> {
  /**
   * The session: read it, change it, set it to another object, or set it to null to end it. After that,
   * it is a new session: empty, and stored under a new id once something is written to it. With `defer:
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

/** What a middleware of either kind can be called with. */
export type EitherContext = SessionContext<object> & DeferredSessionContext<object>

/** Every context, where the application declared `SessionData` or `SessionMode`. */
interface DeclaredTools extends DataTools<SessionData> {
  get session(): SessionMode extends { defer: true }
    ? Promise<SessionOf<SessionData>>
    : SessionOf<SessionData>
  set session(value: SessionValue<SessionData>)
}

/** A context, whose session may have the type that `session<Data>()` gave it. */
interface WithSession<S> {
  readonly session: S | Promise<S>
}

/** A context whose session has no type. */
interface WithoutSession {
  readonly app: unknown
  readonly session?: undefined
}

/**
 * Every context, where the application declared nothing. `session` and `sessionStore` are open then, as
 * everything in Koa's context is: declared here, they would open the ones of `session<Data>()` as well.
 */
interface UndeclaredTools {
  /** Moves to a new id, empty but for the keys in `keep`. Awaiting it is optional. */
  regenerateSession<S extends object>(
    this: WithSession<S>,
    options?: RegenerateOptions<DataOf<S>>,
  ): Promise<S>
  regenerateSession(
    this: WithoutSession,
    options?: RegenerateOptions,
  ): Promise<SessionOf<SessionData>>
  /** Reads, changes and writes as one step: see `session.update`. */
  updateSession<S extends object, T>(
    this: WithSession<S>,
    change: (session: S) => T | Promise<T>,
  ): Promise<T>
  updateSession<T>(
    this: WithoutSession,
    change: (session: SessionOf<SessionData>) => T | Promise<T>,
  ): Promise<T>
}

type AmbientTools = keyof SessionData | keyof SessionMode extends never
  ? UndeclaredTools
  : DeclaredTools

declare module 'koa' {
  interface ExtendableContext extends RequestTools, AmbientTools {}
}
