import type { RegenerateRequest } from '../session/declared-data.js'
import type { BindingRule } from '../session/device-binding.js'
import type { Session } from '../session/session.js'
import type { LoadResult } from '../session/transport.js'
import type { Awaitable } from '../util/async.js'
import type { EventDetails, SessionEvent } from '../util/events.js'

/** The session of a request, as far as the accessors of its context use it. */
export interface ContextSession {
  /** Null: ended. */
  readonly session: Session | null
  /** `ctx.session`: never null. */
  readonly visible: Session
  /** The session that the request came with was ended, whatever came after it. */
  readonly hasEnded: boolean
  /** Reads the store, once. */
  ready(): Awaitable<void>
  /** What the id of the request led to; undefined: not looked up yet. */
  readonly loaded: LoadResult | undefined
  /** `ctx.session` with `defer`. */
  deferred(): Promise<Session>
  assign(value: unknown): void
  get id(): string | undefined
  set id(id: string)
  saving: boolean | undefined
  bindingRule: BindingRule
  save(): Promise<boolean>
  regenerate(options?: RegenerateRequest): Promise<Session>
  update<T>(change: (draft: Session) => T | Promise<T>): Promise<T>
}

/** What distinguishes a middleware from another one in the same app. */
export interface ScopeIdentity {
  /** The name of the cookie. */
  key: string
  store: unknown
  prefix: string
  isDefaultStore: boolean
}

/** One middleware's part in one request, as far as its context knows it. */
export interface ContextScope {
  readonly session: ContextSession
  readonly settings: {
    defer: boolean
    admin: object
    identity: ScopeIdentity
    transport: { readonly carriesIds: boolean }
  }
  /** `ctx.sessions`. */
  readonly sessions: object
  /** `ctx.sessionSignal`. */
  readonly signal: AbortSignal | undefined
  /** The scope of the middleware around it. */
  readonly outer: ContextScope | undefined
  /** It has committed: the context belongs to another middleware now. */
  isDone: boolean
  /** Whether Set-Cookie can still be sent. */
  readonly canSend: boolean
  /** Sets Set-Cookie lines, which survive the answer of an error. */
  setCookies(lines: readonly string[]): void
  /** Clears the session's cookie in the browser. */
  clear(session: Session): Awaitable<void>
  emit(event: SessionEvent, details?: EventDetails): void
  /** The answer depends on the session from now on. */
  noteUse(): void
}

/** What a context carries for this package. */
class ContextState {
  /** The scope of the innermost middleware: what the accessors use. */
  scope: ContextScope | undefined
  /** The id that the application set before the middleware ran. */
  presetId: unknown
  /** `ctx.sessionSave`, as the application set it before the middleware ran. */
  presetSave: boolean | null | undefined
}

export const STATE = Symbol('koa-sess')

interface Carrier {
  [STATE]?: ContextState | undefined
}

function stateOf(ctx: Carrier): ContextState {
  ctx[STATE] ??= new ContextState()
  return ctx[STATE]
}

export function scopeOf(ctx: object): ContextScope | undefined {
  return (ctx as Carrier)[STATE]?.scope
}

/** Handlers use the session of this scope from now on. */
export function enterScope(ctx: object, scope: ContextScope): void {
  stateOf(ctx).scope = scope
}

/** The middlewares above see the outer session again. Without one, this one stays readable. */
export function leaveScope(ctx: object, scope: ContextScope): void {
  scope.isDone = true
  if (scope.outer) stateOf(ctx).scope = scope.outer
}

export function setPresetId(ctx: object, id: unknown): void {
  stateOf(ctx).presetId = id
}

/** The id that the application set before the middleware ran. It is for one middleware alone. */
export function takePresetId(ctx: object): unknown {
  const state = stateOf(ctx)
  const { presetId } = state
  state.presetId = undefined
  return Object.hasOwn(ctx, 'sessionId') ? takeOwn(ctx, 'sessionId') : presetId
}

export function setPresetSave(ctx: object, save: boolean | null | undefined): void {
  stateOf(ctx).presetSave = save
}

/** `ctx.sessionSave`, as the application set it before the middleware ran: it is for the whole request. */
export function presetSaveOf(ctx: object): boolean | undefined {
  if (Object.hasOwn(ctx, 'sessionSave')) {
    const save = takeOwn(ctx, 'sessionSave')
    setPresetSave(ctx, typeof save === 'boolean' ? save : undefined)
  }
  return (ctx as Carrier)[STATE]?.presetSave ?? undefined
}

/** A value that was set in an app's first request, before the accessors were defined. */
function takeOwn(ctx: object, name: string): unknown {
  const value: unknown = Reflect.get(ctx, name)
  Reflect.deleteProperty(ctx, name)
  return value
}
