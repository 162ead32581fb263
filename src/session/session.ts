import { inspect } from 'node:util'
import { followsOptions, type SessionCookie } from '../cookie/attributes.js'
import type { CookieTemplate } from '../cookie/policy.js'
import { type Decoded, encode, isFiniteNumber } from '../record/format.js'
import type { StoredSession } from '../stores/contract.js'
import { ignoreRejection } from '../util/async.js'

export interface RegenerateOptions {
  /** Keys to carry over into the new session; nothing else comes along. */
  keep?: readonly string[]
}

type Callback = (error?: unknown) => void

/** What a session asks of the request it belongs to. */
export interface SessionOwner {
  isNew(session: Session): boolean
  save(): Promise<void>
  regenerate(options?: RegenerateOptions): Promise<unknown>
  destroy(): Promise<void>
  touch(): void
  update<T>(change: (session: Session) => T | Promise<T>): Promise<T>
}

/**
 * The object behind `ctx.session`: the user's data are its own keys, everything else stands on the
 * prototype and is not enumerable. Any key can be data, the names of the methods included.
 */
export class Session {
  readonly #owner: SessionOwner
  readonly #template: CookieTemplate
  #stored: unknown
  #cookie: SessionCookie | undefined
  // When this login began, in epoch ms; only sessions with an absolute timeout know.
  #created: number | undefined

  constructor(
    owner: SessionOwner,
    template: CookieTemplate,
    data?: StoredSession,
    cookie?: unknown,
  ) {
    this.#owner = owner
    this.#template = template
    this.#stored = followsOptions(cookie) ? undefined : cookie
    this.#created = createdIn(cookie)
    if (data) Object.assign(this, data)
  }

  /** The cookie attributes of this user: alter them, and they are kept with the session. */
  get cookie(): SessionCookie {
    this.#cookie ??= this.#template.decode(this.#stored)
    return this.#cookie
  }
  set cookie(options: object) {
    this.#cookie = this.#template.complete(options)
  }

  /** True until the session is in the store under its id. */
  get isNew(): boolean {
    return this.#owner.isNew(this)
  }
  set isNew(value: unknown) {
    define(this, 'isNew', value)
  }

  /** Writes now instead of after the handlers: the store is sure to hold the session when it resolves. */
  save(callback?: Callback): Promise<void> {
    return settle(this.#owner.save(), callback)
  }

  /** Moves to a new id, empty but for `keep`; carried out when the request commits. The old object stays readable. */
  regenerate(options?: RegenerateOptions | Callback, callback?: Callback): Promise<void> {
    const given = typeof options === 'function' ? undefined : options
    return settle(this.#owner.regenerate(given), typeof options === 'function' ? options : callback)
  }

  /** Ends the session now: the record goes, and the cookie is cleared. */
  destroy(callback?: Callback): Promise<void> {
    return settle(this.#owner.destroy(), callback)
  }

  /** Extends the session (cookie and store) when the request commits, changed or not. */
  touch(): this {
    this.#owner.touch()
    return this
  }

  /**
   * Reads, changes and writes as one step, again and again until no other request came between:
   * counters do not lose counts. `change` gets a copy that holds everything this handler changed
   * so far; what it returns comes back. It may run several times, so it must have no effects
   * elsewhere. If it throws, nothing is changed.
   * @throws {SessionError} ERR_SESSION_CONFLICT when other requests won every time.
   */
  update<T>(change: (session: this) => T | Promise<T>): Promise<T> {
    return this.#owner.update((draft) => change(draft as this))
  }

  /** What `console.log` shows: how much there is, and nothing of it. The data: `{ ...ctx.session }`. */
  [inspect.custom](): string {
    return `Session { ${Object.keys(this).length} keys }`
  }

  // JSON may hold a key of this name, and it is data like any other.
  get ['__proto__'](): unknown {
    return Object.getPrototypeOf(this)
  }
  set ['__proto__'](value: unknown) {
    define(this, '__proto__', value)
  }

  /** Not for applications: the record of a session, as it would be stored. */
  static encode(session: Session, extras?: Partial<Decoded>): string {
    return encode(session, Session.#cookieJson(session), extras)
  }

  /** Not for applications: a plain copy, `cookie` inside, as older stores and the merge see it. */
  static snapshot(session: Session): StoredSession {
    const data = copy(session)
    data.cookie = JSON.parse(Session.#cookieJson(session))
    return data
  }

  /** Not for applications: sets one key, or deletes it when there is no value. */
  static edit(session: Session, key: string, value: unknown): void {
    if (key === 'cookie') {
      session.#stored = followsOptions(value) ? undefined : value
      session.#cookie = undefined
      session.#created = createdIn(value)
    } else if (value === undefined) Reflect.deleteProperty(session, key)
    else define(session, key, value)
  }

  /** Not for applications: a session that replaces another keeps this user's cookie, unless it brought one. */
  static inherit(session: Session, cookie: unknown): void {
    session.#created ??= createdIn(cookie)
    if (session.#cookie || session.#stored || followsOptions(cookie)) return
    session.#stored = cookie
  }

  /** Not for applications: the cookie to send, checked. */
  static cookieOf(session: Session): SessionCookie {
    const { base } = session.#template
    return Session.#follows(session) ? base : session.#template.complete(session.cookie)
  }

  /** Not for applications: how old the login is does not begin anew with another session. */
  static age(session: Session, cookie: unknown): void {
    session.#created ??= createdIn(cookie)
  }

  /** Not for applications: when the session began, and from now on where nobody noted it. */
  static begin(session: Session, now: number): number {
    session.#created ??= now
    return session.#created
  }

  static #cookieJson(session: Session): string {
    const { json } = session.#template
    const cookie = Session.#follows(session) ? json : session.#template.encode(session.cookie)
    if (session.#created === undefined) return cookie
    return `${cookie.slice(0, -1)},"created":${session.#created}}`
  }

  static #follows(session: Session): boolean {
    return session.#cookie === undefined && session.#stored === undefined
  }
}

/** A session with the application's keys: what `ctx.session` is. */
export type SessionOf<Data extends object> = Session & Data

/** The moment that a record's cookie names as its beginning, in epoch ms. */
export function createdIn(cookie: unknown): number | undefined {
  if (typeof cookie !== 'object' || cookie === null || !('created' in cookie)) return undefined
  return isFiniteNumber(cookie.created) ? cookie.created : undefined
}

/** A plain copy of the own keys. */
export function copy(data: object): StoredSession {
  const plain: StoredSession = {}
  for (const [key, value] of Object.entries(data)) define(plain, key, value)
  return plain
}

// Assignment would run into setters of the prototype (`__proto__`, `isNew`).
function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}

function settle(work: Promise<unknown>, callback: Callback | undefined): Promise<void> {
  const done = work.then(() => undefined)
  if (!callback) return ignoreRejection(done)
  return done.then(
    () => process.nextTick(callback),
    (error) => process.nextTick(callback, error),
  )
}
