import { EventEmitter } from 'node:events'
import { isSessionStore, type SessionStore } from '../stores/contract.js'
import { duration, ONE_DAY } from '../util/duration.js'
import { SessionError } from '../util/errors.js'
import { ExpressRecords } from './express-records.js'

export interface ToExpressOptions {
  /** Before the id, as the key of a record. Default `sess:`, as connect-redis has it. */
  prefix?: string | undefined
  /** How long a session lasts whose cookie has no end, in ms. Default one day. */
  ttl?: number | undefined
}

type Done = (error?: unknown) => void

/**
 * A store of this package for express-session and @fastify/session. Records are as connect-redis
 * writes them, so a `RedisStore` takes over what that one left.
 * @throws {SessionError} ERR_SESSION_STORE_CONTRACT, ERR_SESSION_OPTION, ERR_SESSION_DURATION
 */
export function toExpressStore(store: SessionStore, options: ToExpressOptions = {}): ExpressStore {
  if (!isSessionStore(store))
    throw new SessionError(
      'ERR_SESSION_STORE_CONTRACT',
      'toExpressStore takes a store with load, create, replace, touch and destroy: a MemoryStore, a RedisStore, or one like them',
    )
  const { prefix = 'sess:', ttl = ONE_DAY, ...unknown } = options
  const [name] = Object.keys(unknown)
  if (name !== undefined || typeof prefix !== 'string')
    throw new SessionError(
      'ERR_SESSION_OPTION',
      name === undefined
        ? 'options.prefix must be a string'
        : `options.${name} is not an option of toExpressStore: it takes prefix and ttl`,
    )
  return new ExpressStore(store, new ExpressRecords(store, prefix, duration('ttl', ttl)))
}

/** What `toExpressStore` makes: the methods of express-session's Store, without that package. */
export class ExpressStore extends EventEmitter {
  readonly #records: ExpressRecords
  #away = false

  constructor(store: SessionStore, records: ExpressRecords) {
    super()
    this.#records = records
    this.on('newListener', (event, listener) => {
      // Whoever comes while the connection is down must hear of it too.
      if (event === 'disconnect' && this.#away) queueMicrotask(() => listener())
    })
    let isOpen = false
    store.on?.('disconnect', () => isOpen && this.#tell('disconnect', true))
    store.on?.('connect', () => this.#tell('connect', false))
    // What is told at once is that the client is still connecting, and then its calls wait for it.
    isOpen = true
  }

  get<S extends object>(sid: string, callback: (error: unknown, session?: S | null) => void): void {
    answer(this.#records.read<S>(sid), callback)
  }

  /** Creates a session or writes one. One that ended meanwhile stays ended, and that is no error. */
  set(sid: string, session: object, callback?: Done): void {
    answer(this.#records.write(sid, session), callback)
  }

  destroy(sid: string, callback?: Done): void {
    answer(this.#records.end(sid), callback)
  }

  /** Moves the deadline to where the cookie ends. Never creates. */
  touch(sid: string, session: object, callback?: Done): void {
    answer(this.#records.touch(sid, session), callback)
  }

  /** Makes express-session's own session of what `get` gave, and puts it on the request. */
  createSession<S>(req: object, data: object): S {
    // It is the one who makes sessions: `generate` is how it does, and it set that on this store.
    const blank: { session?: { cookie: object } } = Object.create(req)
    this.#generate(blank)
    if (!blank.session) throw misplaced()
    const cookie = restore(blank.session.cookie, Reflect.get(data, 'cookie'))
    const session = Reflect.construct(blank.session.constructor, [req, { ...data, cookie }])
    this.#records.follow(data, session)
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

  #generate(req: object): void {
    const generate: unknown = Reflect.get(this, 'generate')
    if (typeof generate !== 'function') throw misplaced()
    Reflect.apply(generate, this, [req])
  }

  #tell(event: 'connect' | 'disconnect', away: boolean): void {
    this.#away = away
    this.emit(event)
  }
}

/** In a turn of its own: what a callback throws is not the store's failure. */
function answer<T>(work: Promise<T>, callback?: (error: unknown, value?: T) => void): void {
  work.then(
    (value) => setImmediate(() => callback?.(null, value)),
    (error: unknown) => setImmediate(() => callback?.(error)),
  )
}

// The lifetime comes last: to set an end is to set a new lifetime there.
const TOLD = [
  ...['path', 'domain', 'httpOnly', 'secure', 'sameSite', 'priority', 'partitioned'],
  ...['expires', 'originalMaxAge'],
]

/** A cookie as the options have it, with what was stored of this session's. */
function restore(cookie: object, stored: unknown): object {
  for (const name of TOLD) {
    const value: unknown = Reflect.get(Object(stored), name)
    if (value === undefined) continue
    const isEnd = name === 'expires' && typeof value === 'string'
    Reflect.set(cookie, name, isEnd ? new Date(value) : value)
  }
  return cookie
}

function misplaced(): SessionError {
  return new SessionError(
    'ERR_SESSION_CONTEXT',
    'Only express-session makes its sessions: give this store to session({ store }) of express-session first',
  )
}
