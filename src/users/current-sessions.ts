import { inspect } from 'node:util'
import { StoreFailure } from '../record/store-guard.js'
import type { Session } from '../session/session.js'
import { SessionError } from '../util/errors.js'
import type { EventDetails, SessionEvent } from '../util/events.js'
import type { ListedSessions, UserSession } from './user-sessions.js'

/** The session of a request, as far as the other sessions of its user are concerned. */
export interface CurrentSession {
  /** Reads the store, once. */
  deferred(): Promise<Session>
  /** The record that was found for the request's id. */
  readonly found: { readonly id: string } | undefined
  /** At which a login of this request began. */
  checkpoint: string | undefined
  destroy(): Promise<void>
  /** Its record was ended elsewhere: clears the cookie, and writes nothing. */
  forget(): Promise<void>
}

/** The option `users`, as far as the sessions of the request's own user are concerned. */
export interface UsersOfRequests {
  /** Whose a session is; undefined: no user's. */
  owner(session: Session): string | undefined
  keysOf(id: string): string[]
  sessionsOf(user: string, notify: Emit): ListedSessions
}

type Emit = (event: SessionEvent, details: EventDetails) => void

/**
 * `ctx.sessions`: the sessions of the user of this request.
 * @since Unreleased
 */
export class CurrentSessions {
  readonly #session: CurrentSession
  readonly #users: UsersOfRequests | undefined
  readonly #emit: Emit

  constructor(session: CurrentSession, users: UsersOfRequests | undefined, emit: Emit) {
    this.#session = session
    this.#users = users
    this.#emit = emit
  }

  [inspect.custom](): string {
    return 'CurrentSessions {}'
  }

  /**
   * The sessions of this user, newest login first. No id is in it.
   * @example const all = await ctx.sessions.list()
   */
  list(): Promise<UserSession[]> {
    return StoreFailure.unwrap(this.#open().then(({ sessions, keys }) => sessions.list(keys)))
  }

  /**
   * Ends the session of a handle, which may be this one. False: it was gone. When it resolves, no
   * request that begins later sees it, on any process.
   * @example await ctx.sessions.end(handle)
   */
  end(handle: string): Promise<boolean> {
    return StoreFailure.unwrap(this.#end(handle))
  }

  /**
   * Ends all sessions of this user but this one, and returns how many.
   * @example const count = await ctx.sessions.endOthers()
   */
  endOthers(): Promise<number> {
    return StoreFailure.unwrap(this.#endOthers())
  }

  /**
   * Ends all sessions of this user, this one too, and returns how many. The cookie is cleared.
   * @example await ctx.sessions.endAll()
   */
  endAll(): Promise<number> {
    return StoreFailure.unwrap(this.#endAll())
  }

  async #end(handle: string): Promise<boolean> {
    const { sessions, keys } = await this.#open()
    const ended = await sessions.end(handle)
    if (ended !== undefined && keys.includes(ended)) await this.#session.forget()
    return ended !== undefined
  }

  async #endOthers(): Promise<number> {
    const { sessions, keys } = await this.#open()
    const { checkpoint: began } = this.#session
    const { ended, checkpoint } = await sessions.endAll({
      except: keys,
      ...(began !== undefined && { checkpoint: began }),
    })
    this.#session.checkpoint = checkpoint
    return ended.size
  }

  async #endAll(): Promise<number> {
    const { sessions, keys } = await this.#open()
    const { ended } = await sessions.endAll()
    if (keys.some((key) => ended.has(key))) await this.#session.forget()
    // It was not listed yet.
    else await this.#session.destroy()
    return ended.size
  }

  /** @throws {SessionError} ERR_SESSION_OPTION without the option, ERR_SESSION_CONTEXT without a user. */
  async #open(): Promise<{ sessions: ListedSessions; keys: string[] }> {
    const users = this.#users
    if (!users) throw withoutUsers('ctx.sessions')
    const session = await this.#session.deferred()
    const user = users.owner(session)
    if (user === undefined) {
      throw new SessionError(
        'ERR_SESSION_CONTEXT',
        'ctx.sessions needs a user: users.of returned none for the session of this request. Outside of a login use sessions.of(userId)',
      )
    }
    const { found } = this.#session
    return {
      sessions: users.sessionsOf(user, this.#emit),
      keys: found ? users.keysOf(found.id) : [],
    }
  }
}

/** The error for what needs the option `users`. */
export function withoutUsers(what: string): SessionError {
  return new SessionError(
    'ERR_SESSION_OPTION',
    `${what} needs the option users: set users: { of: (session) => the id of its user }`,
  )
}
