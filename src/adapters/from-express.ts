import type { LegacyStore, StoredSession } from '../stores/contract.js'
import { SessionError } from '../util/errors.js'
import { discreetly } from './discreet.js'

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
 * A store that was written for express-session, for koa-sess: connect-redis, connect-pg-simple,
 * connect-mongo, session-file-store and their like. It must expire sessions by itself, by
 * `cookie.expires`, `cookie.maxAge` or `cookie.originalMaxAge`. Its own key prefix comes before ours.
 * It has no compare-and-set: docs/adapters.md says what that costs.
 * Sessions that express-session wrote are read, and what this writes express-session reads.
 * @throws {SessionError} ERR_SESSION_STORE_CONTRACT when the object lacks get, set or destroy.
 */
export function fromExpressStore(store: ExpressStoreLike): LegacyStore {
  assertExpressStore(store)
  return {
    get: async (sid) => recordOf(await ask(sid, (done) => store.get(sid, done))),
    set: (sid, session, ttl) => ask(sid, (done) => store.set(sid, outfit(session, ttl), done)),
    destroy: (sid) => ask(sid, (done) => store.destroy(sid, done)),
    ...(store.touch && {
      touchSession: (sid, session, ttl) =>
        ask(sid, (done) => store.touch?.(sid, outfit(session, ttl), done)),
    }),
    on: (event, listener) => store.on?.(event, listener),
    off: (event, listener) => store.removeListener?.(event, listener),
  }
}

function assertExpressStore(store: unknown): asserts store is ExpressStoreLike {
  const methods = ['get', 'set', 'destroy']
  if (isObject(store) && methods.every((name) => typeof store[name] === 'function')) return
  throw new SessionError(
    'ERR_SESSION_STORE_CONTRACT',
    'fromExpressStore takes a store of express-session with the methods get, set and destroy: pass an instance, not the class or the function that makes the class',
  )
}

type Callback = (error?: unknown, value?: unknown) => void

/** The callback has the answer. Of a promise that comes beside it, only the failure counts. */
function ask(sid: string, call: (done: Callback) => unknown): Promise<unknown> {
  return discreetly(
    sid,
    () =>
      new Promise((resolve, reject) => {
        const answer = call((error, value) => (error ? reject(error) : resolve(value)))
        Promise.resolve(answer).catch(reject)
      }),
  )
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** What express-session's cookie and ours have in common. */
const SHARED = ['path', 'domain', 'httpOnly', 'secure', 'sameSite', 'priority', 'partitioned']

/**
 * The session with a cookie that ends when the session is to end, in every way that stores ask for
 * it. Our own cookie rides along, as `koaSess`.
 */
function outfit(session: StoredSession, ttl: number): ExpressSession {
  const ours = isObject(session.cookie) ? session.cookie : {}
  const cookie = {
    ...Object.fromEntries(SHARED.filter((name) => name in ours).map((name) => [name, ours[name]])),
    originalMaxAge: Math.ceil(ttl),
    expires: new Date(Date.now() + ttl),
    koaSess: session.cookie ?? null,
  }
  // As in express-session's own, it is there to be asked and not to be stored.
  Object.defineProperty(cookie, 'maxAge', { value: cookie.originalMaxAge })
  return { ...session, cookie }
}

/** The way back: our record as it was written, or what express-session wrote, as one of ours. */
function recordOf(session: unknown): unknown {
  if (!isObject(session) || !isObject(session.cookie)) return session
  const { koaSess } = session.cookie
  if (koaSess === undefined) return translated(session, session.cookie)
  const data = dataOf(session)
  return koaSess === null ? data : { ...data, cookie: koaSess }
}

/** A session of express-session: of its cookie only the lifetime was meant for this user. */
function translated(session: Record<string, unknown>, cookie: Record<string, unknown>): object {
  const { originalMaxAge, expires } = cookie
  const lasts = typeof originalMaxAge === 'number'
  return {
    ...dataOf(session),
    cookie: lasts ? { maxAge: originalMaxAge } : { maxAge: null, expires: expires ?? null },
  }
}

/**
 * What is the user's. Not by its place: in what express-session wrote the cookie stands anywhere, and a
 * store that extends it puts our cookie there.
 */
function dataOf(session: Record<string, unknown>): StoredSession {
  return Object.fromEntries(
    Object.entries(session).filter(([key, value]) => key !== 'cookie' && !isAdded(key, value)),
  )
}

/** session-file-store adds when it was asked last, connect-mongo when it wrote last, and that as a Date. */
function isAdded(key: string, value: unknown): boolean {
  return key === '__lastAccess' || (key === 'lastModified' && value instanceof Date)
}
