import { StoreFailure } from '../record/store-guard.js'
import type { SessionListing } from '../session/listing.js'
import type { Session } from '../session/session.js'
import type { Events } from '../util/events.js'
import { type UserId, userText } from './owner.js'
import { ScannedSessions, type ScannedSessionsOptions } from './scanned-sessions.js'
import {
  ListedSessions,
  type Notify,
  type UserSession,
  type UserSessionsOptions,
} from './user-sessions.js'

/**
 * The sessions of one user, outside of any request: `sessions.of(userId)`.
 * @since Unreleased
 */
export interface UserSessions {
  /**
   * Returns the sessions of the user, newest login first.
   * @example const all = await sessions.of('ada').list()
   */
  list(): Promise<UserSession[]>
  /**
   * Ends one session. False: it was gone. When it resolves, no request that begins later sees it.
   * @example await sessions.of('ada').end(handle)
   */
  end(handle: string): Promise<boolean>
  /**
   * Ends all sessions, and returns how many. Logins with an earlier checkpoint are refused.
   * @example await sessions.of('ada').endAll()
   */
  endAll(): Promise<number>
  /**
   * What `regenerateSession({ checkpoint })` takes. Ask for it before the password is checked.
   * @example const checkpoint = await sessions.of('ada').checkpoint()
   */
  checkpoint(): Promise<string>
}

export interface UserRegistryOptions extends UserSessionsOptions, ScannedSessionsOptions {
  entries: UserSessionsOptions['entries'] & ScannedSessionsOptions['entries']
  lists: SessionListing<Session> & { keysOf(id: string): string[] }
  owner(session: Session): string | undefined
  events: Events
}

/** The option `users` at work: whose sessions are whose. */
export class UserRegistry {
  readonly #options: UserRegistryOptions

  constructor(options: UserRegistryOptions) {
    this.#options = options
  }

  get listing(): SessionListing<Session> {
    return this.#options.lists
  }

  /** Whose a session is; undefined: no user's. */
  owner(session: Session): string | undefined {
    return this.#options.owner(session)
  }

  keysOf(id: string): string[] {
    return this.#options.lists.keysOf(id)
  }

  sessionsOf(user: string, notify: Notify): ListedSessions {
    return new ListedSessions(this.#options, user, notify)
  }

  /** @throws {SessionError} ERR_SESSION_OPTION when it is no id of a user. */
  scannedSessionsOf(userId: UserId): ScannedSessions {
    return new ScannedSessions(this.#options, userText(userId))
  }

  /** @throws {SessionError} ERR_SESSION_OPTION when it is no id of a user. */
  of(userId: UserId): UserSessions {
    const sessions = this.sessionsOf(userText(userId), (event, details) =>
      this.#options.events.publish(event, details),
    )
    return {
      list: () => StoreFailure.unwrap(sessions.list()),
      end: async (handle) => (await StoreFailure.unwrap(sessions.end(handle))) !== undefined,
      endAll: async () => (await StoreFailure.unwrap(sessions.endAll())).ended.size,
      checkpoint: () => StoreFailure.unwrap(sessions.checkpoint()),
    }
  }
}
