import type { EventEmitter } from 'node:events'
import type { Context } from 'koa'
import koaSession from 'koa-session'
import { fromContextStore } from '../../src/adapters.js'
import session, { type LegacyStore } from '../../src/index.js'

interface Data {
  user?: string
}

/** As @types/koa-session declares a store. */
interface DeclaredStore {
  get(
    key: string,
    maxAge: number | 'session' | undefined,
    data: { rolling: boolean | undefined; ctx: Context },
  ): unknown
  set(
    key: string,
    session: Partial<Data> & { _expire?: number; _maxAge?: number },
    maxAge: number | 'session' | undefined,
    data: { changed: boolean; rolling: boolean | undefined; ctx: Context },
  ): unknown
  destroy(key: string, data: { ctx: Context }): unknown
}

/** As @types/koa-redis declares its store, beside the events. */
interface DeclaredRedisStore extends EventEmitter {
  get(sid: string): Promise<object>
  set(sid: string, session: object, ttl: number | undefined): Promise<void>
  destroy(sid: string): Promise<void>
}

class DeclaredContextStore implements DeclaredStore {
  constructor(readonly ctx: Context) {}
  async get(key: string, _maxAge: unknown, { rolling, ctx }: { rolling: unknown; ctx: Context }) {
    return ctx.path && rolling ? key : undefined
  }
  async set(_key: string, _session: Data, _maxAge: unknown, { changed }: { changed: boolean }) {
    return changed
  }
  async destroy(_key: string, { ctx }: { ctx: Context }) {
    return ctx.path
  }
}

declare const declared: DeclaredStore
declare const declaredRedis: DeclaredRedisStore

session({ store: declared })
session({ store: declaredRedis })
session({ store: fromContextStore(DeclaredContextStore) })
koaSession({ ContextStore: DeclaredContextStore }, { use() {} })

// The arguments have their types where a store is written in place.
export const inPlace: LegacyStore = {
  get: (sid, maxAge, { rolling }) => [sid.length, maxAge.toFixed(), rolling === true],
  set: (_sid, { user }, ttl, { changed, rolling }) => [user, ttl.toFixed(), changed || rolling],
  destroy: (_sid, { ctx }) => ctx,
}
session({ store: { get: (sid) => sid.at(0), set: () => 1, destroy: (sid) => sid.at(0) } })
session({
  store: {
    get: async (key, maxAge, { rolling, ctx }) => [key.at(0), maxAge.toFixed(), rolling, ctx.path],
    set: async (key, { user }, maxAge, { changed, ctx }) => [key, user, maxAge, changed, ctx.path],
    destroy: async (key, { ctx }) => [key.at(0), ctx.path],
  },
})

// @ts-expect-error a class is no store
session({ store: DeclaredContextStore })
// @ts-expect-error a store object is no class
fromContextStore(declared)
