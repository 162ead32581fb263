import type { RecordEnvelope } from '../record/envelope.js'
import type { Lifetime } from '../session/lifetime.js'
import type { ListedRecord, ListedState, SessionListing } from '../session/listing.js'
import type { Session } from '../session/session.js'
import type { Awaitable } from '../util/async.js'
import { SessionError } from '../util/errors.js'
import { RecentCache } from '../util/recent-cache.js'
import { epochOf } from './checkpoint.js'
import { keptInfo } from './info.js'
import type { ListWriter } from './list-writer.js'
import type { Lists } from './lists.js'
import {
  enlist,
  isListed,
  type Limit,
  type Listing,
  RENEW_PART,
  type Refusal,
} from './user-list.js'

/** How many sessions a process remembers as listed, at least. */
const REMEMBERED = 10_000

export interface SessionListsOptions {
  table: Lists
  writer: ListWriter
  envelope: RecordEnvelope
  lifetime: Lifetime<Session>
  /** Whose a session is; undefined: no user's. */
  owner(session: Session): string | undefined
  /** Whose the session of a record is. */
  ownerOf(record: ListedRecord): string | undefined
  limit: Limit | undefined
}

/** Lists the sessions that requests store. */
export class SessionLists implements SessionListing<Session> {
  readonly #options: SessionListsOptions
  /** The user under whom a session is listed, and until when that need not be looked at, by key. */
  readonly #listed = new RecentCache(REMEMBERED)

  constructor(options: SessionListsOptions) {
    this.#options = options
  }

  async created(
    state: ListedState,
    session: Session,
    record: ListedRecord,
    old: ListedRecord | undefined,
  ): Promise<void> {
    const user = this.#options.owner(session)
    if (user === undefined) return
    const isSame = old !== undefined && this.#options.ownerOf(old) === user
    const oldKey = isSame ? this.keyOf(old.id) : undefined
    const { checkpoint } = state
    await this.#enlist(state, session, user, {
      key: this.keyOf(record.id),
      isLogin: !isSame,
      ...(oldKey !== undefined && { old: oldKey }),
      ...(checkpoint !== undefined && {
        checkpoint: epochOf(this.#options.table.key(user), checkpoint),
      }),
    })
  }

  beforeWrite(state: ListedState, session: Session, record: ListedRecord): Awaitable<void> {
    const user = this.#options.owner(session)
    if (user === undefined) return undefined
    const key = this.keyOf(record.id)
    const isLogin = this.#options.ownerOf(record) !== user
    if (!isLogin && this.#isListed(key, user)) return undefined
    return this.#enlist(state, session, user, { key, isLogin })
  }

  extended(state: ListedState, session: Session, record: ListedRecord): Awaitable<void> {
    const user = this.#options.owner(session)
    const key = this.keyOf(record.id)
    if (user === undefined || this.#isListed(key, user)) return undefined
    return this.#enlist(state, session, user, { key, isLogin: false })
  }

  /** The key of a session in lists: without the prefix. */
  keyOf(id: string): string {
    const { envelope } = this.#options
    return envelope.key(id).slice(envelope.prefix.length)
  }

  async #enlist(
    state: ListedState,
    session: Session,
    user: string,
    about: Pick<Listing, 'key' | 'old' | 'isLogin' | 'checkpoint'>,
  ): Promise<void> {
    const { writer, limit, lifetime } = this.#options
    const listing: Listing = {
      ...about,
      now: lifetime.now(),
      expiresAt: lifetime.deadline(session),
      info: keptInfo(state.request.describe()),
    }
    const { result } = await writer.change<number | Refusal>(user, (list, dead) => {
      const isKnown = !listing.isLogin && listing.old === undefined && isListed(list, listing)
      if (isKnown) return { result: 0 }
      const verdict = enlist(list, listing, limit, dead)
      if (verdict === 'check') return 'check'
      return typeof verdict === 'string'
        ? { result: verdict }
        : { list: verdict.list, result: verdict.ended }
    })
    if (typeof result === 'string') {
      state.request.emit('users:refused', { user, why: result })
      throw refused(result)
    }
    if (result > 0) state.request.emit('users:ended', { user, why: 'limit', count: result })
    this.#remember(listing, user)
  }

  #remember({ key, now, expiresAt }: Listing, user: string): void {
    this.#listed.set(key, `${Math.ceil(now + RENEW_PART * (expiresAt - now))} ${user}`)
  }

  #isListed(key: string, user: string): boolean {
    const known = this.#listed.get(key)
    if (known === undefined) return false
    const space = known.indexOf(' ')
    return (
      known.slice(space + 1) === user &&
      Number(known.slice(0, space)) > this.#options.lifetime.now()
    )
  }
}

function refused(why: Refusal): SessionError {
  return why === 'limit'
    ? new SessionError(
        'ERR_SESSION_LIMIT',
        'The user has as many sessions as users.max allows: let the user end one of them, or set whenFull to end-oldest',
      )
    : new SessionError(
        'ERR_SESSION_REVOKED',
        'The sessions of this user were ended after this login began, or its checkpoint is of another user: let the user log in again',
      )
}
