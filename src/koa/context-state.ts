import type { SessionScope } from './scope.js'

/** What a context carries for this package. */
class ContextState {
  /** The scope of the innermost middleware: what the accessors use. */
  scope: SessionScope | undefined
  /** The id that the application set before the middleware ran. */
  presetId: unknown
  /** The scope that began last; each one names the one before it. */
  latest: SessionScope | undefined
}

export const STATE = Symbol('koa-sess')

interface Carrier {
  [STATE]?: ContextState | undefined
}

function stateOf(ctx: Carrier): ContextState {
  ctx[STATE] ??= new ContextState()
  return ctx[STATE]
}

export function scopeOf(ctx: object): SessionScope | undefined {
  return (ctx as Carrier)[STATE]?.scope
}

export function latestScopeOf(ctx: object): SessionScope | undefined {
  return (ctx as Carrier)[STATE]?.latest
}

/** Handlers use the session of this scope from now on. */
export function enterScope(ctx: object, scope: SessionScope): void {
  const state = stateOf(ctx)
  scope.before = state.latest
  state.latest = scope
  state.scope = scope
}

/** The middlewares above see the outer session again. Without one, this one stays readable. */
export function leaveScope(ctx: object, scope: SessionScope): void {
  scope.isDone = true
  if (scope.outer) stateOf(ctx).scope = scope.outer
}

export function setPresetId(ctx: object, id: unknown): void {
  stateOf(ctx).presetId = id
}

/** The id that the application set before the middleware ran. It is for one middleware alone. */
export function takePresetId(ctx: object): unknown {
  const state = stateOf(ctx)
  let { presetId } = state
  state.presetId = undefined
  if (Object.hasOwn(ctx, 'sessionId')) {
    presetId = Reflect.get(ctx, 'sessionId')
    Reflect.deleteProperty(ctx, 'sessionId')
  }
  return presetId
}
