import { EventEmitter } from 'node:events'
import { isSessionStore, type SessionStore } from '../stores/contract.js'
import { duration, ONE_DAY } from '../util/duration.js'
import { SessionError } from '../util/errors.js'
import { assertKnownOptions } from '../util/shape.js'
import { ExpressRecords } from './express-records.js'

/** @since 1.0.0 */
export interface ToExpressOptions {
  /**
   * Prefix of the store key, before the session id. The default is that of connect-redis.
   * @default 'sess:'
   * @example toExpressStore(store, { prefix: 'shop:' })
   */
  prefix?: string | undefined
  /**
   * How long a session lasts if its cookie has no expiry, in ms.
   * @default one day
   * @example toExpressStore(store, { ttl: 3_600_000 })
   */
  ttl?: number | undefined
}

type Done = (error?: unknown) => void

/**
 * Adapts a store of koa-sess for express-session and @fastify/session. Records have the format of
 * connect-redis, so a `RedisStore` continues the sessions that connect-redis stored.
 * @throws {SessionError} ERR_SESSION_STORE_CONTRACT, ERR_SESSION_OPTION, ERR_SESSION_DURATION
 * @since 1.0.0
 * @example const expressStore = toExpressStore(redisStore)
 */
export function toExpressStore(store: SessionStore, options: ToExpressOptions = {}): ExpressStore {
  if (!isSessionStore(store))
    throw new SessionError(
      'ERR_SESSION_STORE_CONTRACT',
      'toExpressStore takes a store with load, create, replace, touch and destroy. Pass a MemoryStore, a RedisStore, or another store of this contract.',
    )
  assertKnownOptions('toExpressStore', options, ['prefix', 'ttl'])
  const { prefix = 'sess:', ttl = ONE_DAY } = options
  if (typeof prefix !== 'string')
    throw new SessionError('ERR_SESSION_OPTION', 'options.prefix must be a string.')
  return new ExpressStore(store, new ExpressRecords(store, prefix, duration('ttl', ttl)))
}

/** The result of `toExpressStore`: the methods of express-session's Store, without that package. */
export class ExpressStore extends EventEmitter {
  readonly #records: ExpressRecords
  #isDisconnected = false

  constructor(store: SessionStore, records: ExpressRecords) {
    super()
    this.#records = records
    this.on('newListener', (event, listener) => {
      // A listener that is added during an outage is called as well.
      if (event === 'disconnect' && this.#isDisconnected) queueMicrotask(() => listener())
    })
    this.#forwardEvents(store)
  }

  get<S extends object>(sid: string, callback: (error: unknown, session?: S | null) => void): void {
    callBack(this.#records.read<S>(sid), callback)
  }

  /** Creates or updates a session. Does nothing, without an error, if the session has ended meanwhile. */
  set(sid: string, session: object, callback?: Done): void {
    callBack(this.#records.write(sid, session), callback)
  }

  destroy(sid: string, callback?: Done): void {
    callBack(this.#records.end(sid), callback)
  }

  /** Sets the expiry of a session to that of its cookie. Never creates a session. */
  touch(sid: string, session: object, callback?: Done): void {
    callBack(this.#records.touch(sid, session), callback)
  }

  /** Creates express-session's session object from the data of `get`, and sets it on the request. */
  createSession<S>(req: object, data: object): S {
    const blank = this.#blankSession(req)
    const cookie = restoreCookie(blank.cookie, Reflect.get(data, 'cookie'))
    const session = Reflect.construct(blank.constructor, [req, { ...data, cookie }])
    this.#records.link(data, session)
    Reflect.set(req, 'session', session)
    return session
  }

  load<S extends object>(sid: string, callback: (error: unknown, session?: S) => void): void {
    this.get<object>(sid, (error, data) => {
      if (error || !data) return callback(error ?? undefined)
      const req = { sessionID: sid, sessionStore: this }
      callback(null, this.createSession<S>(req, data))
    })
  }

  regenerate(req: { sessionID: string }, callback: Done): void {
    this.destroy(req.sessionID, (error) => {
      this.#generate(req)
      callback(error)
    })
  }

  /**
   * A new, empty session. It gives access to express-session's classes for the session and its cookie.
   * It is generated on an object that inherits from `req`, so that `req` does not change.
   */
  #blankSession(req: object): { cookie: object } {
    const scratch: { session?: { cookie: object } } = Object.create(req)
    this.#generate(scratch)
    if (!scratch.session) throw notInExpressSession()
    return scratch.session
  }

  /** Sets a new session on `req`, by the method `generate` that express-session adds to its store. */
  #generate(req: object): void {
    const generate: unknown = Reflect.get(this, 'generate')
    if (typeof generate !== 'function') throw notInExpressSession()
    Reflect.apply(generate, this, [req])
  }

  /**
   * A `disconnect` while the listener is being added is not forwarded. It means that the client is
   * still connecting, and commands wait for that.
   */
  #forwardEvents(store: SessionStore): void {
    let isAdded = false
    store.on?.('disconnect', () => {
      if (isAdded) this.#forward('disconnect')
    })
    store.on?.('connect', () => this.#forward('connect'))
    isAdded = true
  }

  #forward(event: 'connect' | 'disconnect'): void {
    this.#isDisconnected = event === 'disconnect'
    this.emit(event)
  }
}

/** Calls back in a new turn: an exception of the callback must not become a rejection of the store. */
function callBack<T>(work: Promise<T>, callback?: (error: unknown, value?: T) => void): void {
  work.then(
    (value) => setImmediate(() => callback?.(null, value)),
    (error: unknown) => setImmediate(() => callback?.(error)),
  )
}

// `originalMaxAge` is last, as setting `expires` also sets it.
const STORED_ATTRIBUTES = [
  ...['path', 'domain', 'httpOnly', 'secure', 'sameSite', 'priority', 'partitioned'],
  ...['expires', 'originalMaxAge'],
]

/** Sets the stored attributes on a cookie that was created from the options. */
function restoreCookie(cookie: object, stored: unknown): object {
  for (const name of STORED_ATTRIBUTES) {
    const value: unknown = Reflect.get(Object(stored), name)
    if (value === undefined) continue
    const isDate = name === 'expires' && typeof value === 'string'
    Reflect.set(cookie, name, isDate ? new Date(value) : value)
  }
  return cookie
}

function notInExpressSession(): SessionError {
  return new SessionError(
    'ERR_SESSION_CONTEXT',
    'This store cannot create sessions without express-session. Pass it to session({ store }) of express-session first.',
  )
}
