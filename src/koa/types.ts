import type { RegenerateOptions, Session, SessionOf } from '../session/session.js'
import type { SessionView } from '../session/session-admin.js'

declare global {
  /** The keys of your sessions: augment it, and `ctx.session` is typed everywhere. */
  interface SessionData {}
  /** Augment it with `defer: true` where `ctx.session` is a promise. */
  interface SessionMode {}
}

/** What `ctx.session` can be set to. */
// Unbounded, or TypeScript would simplify `Data & object`, and an empty interface takes numbers and texts.
export type SessionValue<Data> = (Data & object) | (Session & Data) | null

/** What the middleware adds to a context beside the session itself. */
export interface SessionTools<Data extends object = SessionData> {
  /** The id, once the session has one: stored, or about to be. Set it before the middleware to present an id. */
  get sessionId(): string | undefined
  set sessionId(id: string)
  /** True forces a save, false forbids one for this request. */
  sessionSave: boolean | null | undefined
  readonly sessionStore: SessionView
  /** Writes now, and sends the cookie, instead of after the handlers. */
  saveSession(): Promise<void>
  /** Moves to a new id, empty but for `keep`. Awaiting it is optional. */
  regenerateSession(options?: RegenerateOptions): Promise<SessionOf<Data>>
  /** Reads, changes and writes as one step; see `session.update`. */
  updateSession<T>(change: (session: SessionOf<Data>) => T | Promise<T>): Promise<T>
}

/** The context behind `session<Data>()`. */
export interface SessionContext<Data extends object = SessionData> extends SessionTools<Data> {
  /** Read it, change it, set it to another object, or to null to end it. */
  get session(): SessionOf<Data>
  set session(value: SessionValue<Data>)
}

/** The context behind `session<Data>({ defer: true })`: the getter answers with a promise. */
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
