import type { LegacyStore } from '../stores/contract.js'
import { SessionError } from '../util/errors.js'
import { hasMethods } from '../util/shape.js'

/** The methods of a store of koa-session. */
export type ContextStoreMethods = Pick<LegacyStore, 'get' | 'set' | 'destroy'>

/** A class for koa-session's option `ContextStore`. It is constructed once for each request. */
export type ContextStoreClass<Ctx extends object> = new (ctx: Ctx) => ContextStoreMethods

/**
 * Adapts a class that koa-session takes as its option `ContextStore`: `session({ store:
 * fromContextStore(ContextStore) })`. Its methods are called as koa-session calls them. It has no
 * compare-and-set; docs/adapters.md describes the consequences.
 * @throws {SessionError} ERR_SESSION_STORE_CONTRACT if it is no class with get, set and destroy. In a
 * call: ERR_SESSION_CONTEXT outside of a request.
 * @since Unreleased
 * @example session({ store: fromContextStore(ContextStore) })
 */
export function fromContextStore<Ctx extends object>(
  ContextStore: ContextStoreClass<Ctx>,
): LegacyStore {
  if (!hasMethods(Object(ContextStore).prototype, 'get', 'set', 'destroy'))
    throw new SessionError(
      'ERR_SESSION_STORE_CONTRACT',
      'fromContextStore takes a class with the methods get, set and destroy, as the option ContextStore of koa-session. Pass a store object as the option store instead.',
    )
  const stores = new WeakMap<object, ContextStoreMethods>()
  const storeOf = (ctx: object | undefined): ContextStoreMethods => {
    if (!ctx)
      throw new SessionError(
        'ERR_SESSION_CONTEXT',
        'A ContextStore is constructed with the context of a request. Use it as the store of session().',
      )
    const known = stores.get(ctx)
    if (known) return known
    const store: ContextStoreMethods = Reflect.construct(ContextStore, [ctx])
    stores.set(ctx, store)
    return store
  }
  return {
    get: (sid, maxAge, options) => storeOf(options.ctx).get(sid, maxAge, options),
    set: (sid, session, ttl, options) => storeOf(options.ctx).set(sid, session, ttl, options),
    destroy: (sid, options) => storeOf(options?.ctx).destroy(sid, options),
  }
}
