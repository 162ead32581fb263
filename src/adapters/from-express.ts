import { PEER_KEYS } from '../record/format.js'
import type { LegacyStore, StoredSession } from '../stores/contract.js'
import { SessionError } from '../util/errors.js'
import { hasMethods, isObject } from '../util/shape.js'
import { redactErrors } from './redact.js'

/** A session as stores of express-session know it. */
export interface ExpressSession {
  cookie: object
}

/** A store for express-session, as far as it is used: an instance, not the class. */
export interface ExpressStoreLike {
  get(sid: string, callback: (error: unknown, session?: unknown) => void): unknown
  set(sid: string, session: ExpressSession, callback: (error?: unknown) => void): unknown
  destroy(sid: string, callback: (error?: unknown) => void): unknown
  touch?(sid: string, session: ExpressSession, callback: (error?: unknown) => void): unknown
  on?(event: 'connect' | 'disconnect', listener: () => void): unknown
  removeListener?(event: 'connect' | 'disconnect', listener: () => void): unknown
}

/**
 * Adapts a store of express-session for koa-sess: connect-redis, connect-pg-simple, connect-mongo,
 * session-file-store and others. Sessions that express-session wrote can be read, and the other way
 * round.
 *
 * The store must expire sessions by itself, by `cookie.expires`, `cookie.maxAge` or
 * `cookie.originalMaxAge`. If it has a key prefix, that comes before the one of koa-sess.
 * It has no compare-and-set; docs/adapters.md describes the consequences.
 * @throws {SessionError} ERR_SESSION_STORE_CONTRACT if the object lacks get, set or destroy.
 * @since 1.0.0
 * @example session({ store: fromExpressStore(expressStore) })
 */
export function fromExpressStore(store: ExpressStoreLike): LegacyStore {
  assertExpressStore(store)
  return {
    get: async (sid) => fromExpressSession(await call(sid, (done) => store.get(sid, done))),
    set: (sid, session, ttl) =>
      call(sid, (done) => store.set(sid, toExpressSession(session, ttl), done)),
    destroy: (sid) => call(sid, (done) => store.destroy(sid, done)),
    ...(store.touch && {
      touchSession: (sid, session, ttl) => touch(store, sid, toExpressSession(session, ttl)),
    }),
    on: (event, listener) => store.on?.(event, listener),
    off: (event, listener) => store.removeListener?.(event, listener),
  }
}

function assertExpressStore(store: unknown): asserts store is ExpressStoreLike {
  if (isObject(store) && hasMethods(store, 'get', 'set', 'destroy')) return
  throw new SessionError(
    'ERR_SESSION_STORE_CONTRACT',
    'fromExpressStore takes a store of express-session with the methods get, set and destroy. Pass an instance, not the class or the function that creates the class.',
  )
}

/**
 * False: there is no such session. Some stores say so by an error, such as connect-mongo, or by the
 * value `false`. So a touch that did not succeed is followed by a look.
 */
async function touch(
  store: ExpressStoreLike,
  sid: string,
  session: ExpressSession,
): Promise<boolean> {
  const answer = await call(sid, (done) => store.touch?.(sid, session, done)).catch(
    (error: unknown) => ({ error }),
  )
  const isFailed = isObject(answer) && 'error' in answer
  if (!isFailed && answer !== false) return true
  if (!(await exists(store, sid))) return false
  if (isFailed) throw answer.error
  return true
}

/** A look that fails proves nothing, and reports nothing that the touch did not. */
async function exists(store: ExpressStoreLike, sid: string): Promise<boolean> {
  try {
    return Boolean(await call(sid, (done) => store.get(sid, done)))
  } catch (error) {
    return Reflect.get(Object(error), 'code') !== 'ENOENT'
  }
}

type Callback = (error?: unknown, value?: unknown) => void

/** The result that a method passes to its callback. Of a returned promise, only the rejection counts. */
function call(sid: string, method: (done: Callback) => unknown): Promise<unknown> {
  return redactErrors(
    sid,
    () =>
      new Promise((resolve, reject) => {
        const returned = method((error, value) => (error ? reject(error) : resolve(value)))
        Promise.resolve(returned).catch(reject)
      }),
  )
}

/** The cookie attributes that express-session and koa-sess have in common. */
const SHARED = ['path', 'domain', 'httpOnly', 'secure', 'sameSite', 'priority', 'partitioned']

/**
 * The session as express-session stores expect it. Its cookie has the expiry in every form that a store
 * may read, and our own cookie as `koaSess`.
 */
function toExpressSession(session: StoredSession, ttl: number): ExpressSession {
  const own = isObject(session.cookie) ? session.cookie : {}
  const shared = SHARED.filter((name) => name in own)
  const cookie = {
    ...Object.fromEntries(shared.map((name) => [name, own[name]])),
    originalMaxAge: Math.ceil(ttl),
    expires: new Date(Date.now() + ttl),
    koaSess: session.cookie ?? null,
  }
  // Not enumerable, as in express-session: stores read it, but do not store it.
  Object.defineProperty(cookie, 'maxAge', { value: cookie.originalMaxAge })
  return { ...session, cookie }
}

/** The stored session as koa-sess expects it, whether koa-sess or express-session wrote it. */
function fromExpressSession(session: unknown): unknown {
  if (!isObject(session) || !isObject(session.cookie)) return session
  const { koaSess } = session.cookie
  const data = dataOf(session)
  if (koaSess === undefined)
    return { ...data, cookie: { ...lifetimeOf(session.cookie), ...marks(data) } }
  return koaSess === null ? data : { ...data, cookie: koaSess }
}

/** Of a cookie of express-session, only the lifetime belongs to the session; the rest is configuration. */
function lifetimeOf({ originalMaxAge, expires }: Record<string, unknown>): object {
  if (typeof originalMaxAge === 'number') return { maxAge: originalMaxAge }
  return { maxAge: null, expires: expires ?? null }
}

/** Without a mark, keys with the names of koa-session's lifetime would be taken for it. */
function marks(data: StoredSession): { data?: true } {
  return PEER_KEYS.some((key) => Object.hasOwn(data, key)) ? { data: true } : {}
}

/** The user's keys. By name, as `cookie` may come first or last. */
function dataOf(session: Record<string, unknown>): StoredSession {
  const entries = Object.entries(session)
  return Object.fromEntries(
    entries.filter(([key, value]) => key !== 'cookie' && !isAddedByStore(key, value)),
  )
}

/** session-file-store adds `__lastAccess`; connect-mongo adds `lastModified`, as a Date. */
function isAddedByStore(key: string, value: unknown): boolean {
  return key === '__lastAccess' || (key === 'lastModified' && value instanceof Date)
}
