import type { HeldSessions } from '../record/held-sessions.js'
import type { LoadedRecord } from '../record/records.js'
import { BINDING_KEY } from '../session/device-binding.js'
import type { Lifetime } from '../session/lifetime.js'
import { Session } from '../session/session.js'
import type { EventDetails, SessionEvent } from '../util/events.js'
import { checkpointOf, epochOf } from './checkpoint.js'
import { handleOf } from './handle.js'
import type { ListWriter } from './list-writer.js'
import type { Lists } from './lists.js'
import { type ListEntry, revoke } from './user-list.js'

/** How long a list is kept at least after all sessions were ended, in ms: longer than a login takes. */
const MIN_TTL = 86_400_000

/**
 * One session of a user. It holds no id, and nothing in it opens a session.
 * @since Unreleased
 */
export interface UserSession {
  /** Names the session for `end`. */
  handle: string
  /** The session of this request. */
  current: boolean
  /** When the user logged in, in epoch ms. */
  createdAt: number
  /** When a request extended it last, in epoch ms: up to an eighth of its lifetime earlier than it was. */
  seenAt: number
  /** When it ends if no request extends it, in epoch ms; as exact as `seenAt`. */
  expiresAt: number
  /** What `users.describe` returned at the login. */
  info: unknown
  /** `koa-sess/device-bound` has bound it to a device. */
  bound: boolean
  /** How many connections of this process hold it: `sessions.open()` and `ctx.sessionSignal`. */
  connections: number
}

/** The record of an entry, and the session in it. */
export interface EntrySession {
  record: LoadedRecord
  session: Session
}

export interface SessionFinder {
  /** The session of an entry; undefined: it has ended, or is another user's. */
  find(user: string, entry: ListEntry): Promise<EntrySession | undefined>
}

export interface UserSessionsOptions {
  table: Lists
  writer: ListWriter
  entries: SessionFinder
  lifetime: Lifetime<Session>
  /** The sessions of connections. */
  held: HeldSessions
}

export type Notify = (event: SessionEvent, details: EventDetails) => void

/** The sessions of one user. Keys are those of records, without the prefix. */
export class ListedSessions {
  readonly #options: UserSessionsOptions
  readonly #notify: Notify

  constructor(
    options: UserSessionsOptions,
    readonly user: string,
    notify: Notify,
  ) {
    this.#options = options
    this.#notify = notify
  }

  get #listKey(): string {
    return this.#options.table.key(this.user)
  }

  /** Newest login first. `current`: the keys of the session that asks. */
  async list(current: readonly string[] = []): Promise<UserSession[]> {
    const { table, writer, entries } = this.#options
    const { list } = await table.load(this.#listKey)
    // A process that ended them has crashed, or is at it.
    if (list.ending.length > 0) await writer.change(this.user, () => ({ result: undefined }))
    const found = await Promise.all(
      list.live.map(async (entry) => {
        const session = await entries.find(this.user, entry)
        return session && this.#describe(entry, session, current.includes(entry.key))
      }),
    )
    return found.filter((session) => session !== undefined).reverse()
  }

  /** Returns the key of the session that was ended; undefined: it was gone. */
  async end(handle: string): Promise<string | undefined> {
    const { result: key, ended } = await this.#options.writer.change(this.user, (list) => {
      const isMeant = (entry: ListEntry) => this.#handleOf(entry.key) === handle
      const meant = [...list.live, ...list.ending].find(isMeant)
      if (!meant) return { result: undefined }
      return {
        list: revoke(list, { ends: isMeant, isAll: false, until: 0 }),
        result: meant.key,
      }
    })
    if (key === undefined || !ended.has(key)) return undefined
    this.#notify('users:ended', { user: this.user, count: 1 })
    return key
  }

  /**
   * Ends all sessions but those of the keys `except`. Returns the keys of those that were ended.
   * `checkpoint`: of the login that asks, if one is under way. It is returned as of now: the login must
   * not be refused for what it did itself.
   */
  async endAll({
    except = [],
    checkpoint,
  }: {
    except?: readonly string[]
    checkpoint?: string
  } = {}): Promise<{
    ended: ReadonlySet<string>
    checkpoint: string | undefined
  }> {
    const { writer, lifetime } = this.#options
    const until = lifetime.now() + MIN_TTL
    const { result: epoch, ended } = await writer.change(this.user, (list) => ({
      list: revoke(list, { ends: ({ key }) => !except.includes(key), isAll: true, until }),
      result: list.epoch,
    }))
    this.#notify('users:ended', { user: this.user, count: ended.size })
    const wasCurrent = checkpoint !== undefined && epochOf(this.#listKey, checkpoint) === epoch
    return { ended, checkpoint: wasCurrent ? checkpointOf(this.#listKey, epoch + 1) : checkpoint }
  }

  async checkpoint(): Promise<string> {
    const { list } = await this.#options.table.load(this.#listKey)
    return checkpointOf(this.#listKey, list.epoch)
  }

  #describe(entry: ListEntry, { record, session }: EntrySession, current: boolean): UserSession {
    const { lifetime, held } = this.#options
    const now = lifetime.now()
    const left = lifetime.left(session)
    const absolute = lifetime.absoluteEnd(session) ?? Number.POSITIVE_INFINITY
    const { until } = record.end
    const seenAt = until === undefined ? entry.seenAt : Math.max(entry.seenAt, until - left)
    const expiresAt = until ?? Math.max(now, Math.min(seenAt + left, absolute))
    const { createdAt, info } = entry
    const bound = Session.value(session, BINDING_KEY) !== undefined
    const [handle, connections] = [this.#handleOf(entry.key), held.count(record.key)]
    return { handle, current, createdAt, seenAt, expiresAt, info, bound, connections }
  }

  #handleOf(key: string): string {
    return handleOf(this.#listKey, key)
  }
}
