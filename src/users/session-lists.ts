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
  type ListEntry,
  type Listing,
  RENEW_PART,
  type Refusal,
  type UserList,
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

  owner(session: Session): string | undefined {
    return this.#options.owner(session)
  }

  async created(
    state: ListedState,
    session: Session,
    record: ListedRecord,
    old: ListedRecord | undefined,
  ): Promise<boolean> {
    const user = this.#options.owner(session)
    if (user === undefined) return true
    const isSame = old !== undefined && this.#options.ownerOf(old) === user
    const from = old && this.#keyOf(old.id)
    const about = {
      key: this.#keyOf(record.id),
      isLogin: !isSame,
      old: isSame ? from : undefined,
      // Only a limit makes it matter, and lists are to stay small.
      from: this.#options.limit && from,
      checkpoint: this.#checkpointOf(state, user),
    }
    return this.#enlist(state, session, user, about, old && this.#asEntry(old))
  }

  /** The epoch at which the login of this request began; undefined: it has no checkpoint. */
  #checkpointOf({ checkpoint }: ListedState, user: string): number | undefined {
    return checkpoint === undefined ? undefined : epochOf(this.#options.table.key(user), checkpoint)
  }

  /** The session that is replaced, whosever it is; undefined: its key may be changing. */
  #asEntry({ id, key }: ListedRecord): ListEntry | undefined {
    if (this.#options.envelope.keysOfMove(id)) return undefined
    return { key: this.#asListed(key), createdAt: 0, seenAt: Number.POSITIVE_INFINITY }
  }

  beforeWrite(state: ListedState, session: Session, record: ListedRecord): Awaitable<void> {
    const user = this.#options.owner(session)
    if (user === undefined) return undefined
    const key = this.#keyOf(record.id)
    const isLogin = this.#options.ownerOf(record) !== user
    if (!isLogin && this.#isListed(key, user)) return undefined
    const checkpoint = isLogin ? this.#checkpointOf(state, user) : undefined
    const listed = this.#enlist(state, session, user, {
      key: this.#asListed(record.key),
      isLogin,
      checkpoint,
    })
    // The write moves it to this key, or fails: then it can be ended where it is stored now.
    return key === this.#asListed(record.key)
      ? listed.then(NOTHING)
      : listed.then(() => this.extended(state, session, record))
  }

  extended(state: ListedState, session: Session, record: ListedRecord): Awaitable<void> {
    const user = this.#options.owner(session)
    const key = this.#keyOf(record.id)
    if (user === undefined || this.#isListed(key, user)) return undefined
    return this.#enlist(state, session, user, { key, isLogin: false }).then(NOTHING)
  }

  /** The keys under which a session may be listed, while it moves from one to the other. */
  keysOf(id: string): string[] {
    const keys = this.#options.envelope.keysOfMove(id)
    return keys?.map((key) => this.#asListed(key)) ?? [this.#keyOf(id)]
  }

  #keyOf(id: string): string {
    return this.#asListed(this.#options.envelope.key(id))
  }

  /** The key of a record as lists hold it: without the prefix. */
  #asListed(key: string): string {
    return key.slice(this.#options.envelope.prefix.length)
  }

  /** False: another request has replaced the session whose place it takes. */
  async #enlist(
    state: ListedState,
    session: Session,
    user: string,
    about: Omit<Listing, 'now' | 'expiresAt' | 'info'>,
    old?: ListEntry,
  ): Promise<boolean> {
    const { writer, limit, lifetime } = this.#options
    const listing: Listing = {
      ...about,
      now: lifetime.now(),
      expiresAt: lifetime.deadline(session),
      info: keptInfo(await state.request.describe()),
    }
    const change = (list: UserList, dead: ReadonlySet<string> | undefined) => {
      const isKnown = !listing.isLogin && listing.old === undefined && isListed(list, listing)
      if (isKnown) return { result: 0 }
      const verdict = enlist(list, listing, limit, dead)
      if (verdict === 'check') return 'check'
      return typeof verdict === 'string'
        ? { result: verdict }
        : { list: verdict.list, result: verdict.ended }
    }
    const { result } = await writer.change<number | Refusal | 'gone'>(user, change, old)
    if (result === 'gone') return false
    if (typeof result === 'string') {
      state.request.emit('users:refused', { user, why: result })
      throw refused(result)
    }
    if (result > 0) state.request.emit('users:ended', { user, why: 'limit', count: result })
    this.#remember(listing, user)
    return true
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

const NOTHING = () => undefined

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
