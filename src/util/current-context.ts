import { AsyncLocalStorage } from 'node:async_hooks'

/** Undefined until a store asks for contexts, as following them slows every promise of the process. */
let contexts: AsyncLocalStorage<object> | undefined

/** From now on `currentContext` returns the context of the request that is being served. */
export function followContexts(): void {
  contexts ??= new AsyncLocalStorage()
}

/** Whether a store has asked for contexts. */
export function isFollowing(): boolean {
  return contexts !== undefined
}

/** Runs `work` with `ctx` as the current context, through its promises and timers. */
export function withContext<T>(ctx: object, work: () => T): T {
  return contexts ? contexts.run(ctx, work) : work()
}

/** The context of the request that is being served; undefined outside of a request. */
export function currentContext(): object | undefined {
  return contexts?.getStore()
}
