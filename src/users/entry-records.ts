import type { RecordEnvelope } from '../record/envelope.js'
import type { RecordFormat } from '../record/format.js'
import type { HeldSessions } from '../record/held-sessions.js'
import { LoadedRecord } from '../record/records.js'
import { replaceByTombstone } from '../record/revoke.js'
import type { RecordTable } from '../record/table.js'
import { isEnded, tombstone } from '../record/tombstone.js'
import type { Lifetime } from '../session/lifetime.js'
import type { Session } from '../session/session.js'
import { countTurn } from '../util/turn.js'
import type { ListedRecords } from './lists.js'
import type { ScannedRecords } from './scanned-sessions.js'
import type { ListEntry } from './user-list.js'
import type { EntrySession, SessionFinder } from './user-sessions.js'

export interface EntryOptions {
  table: RecordTable
  envelope: RecordEnvelope
  format: RecordFormat
  lifetime: Lifetime<Session>
  /** The session of a record; undefined: it is not a record of one. */
  read(value: string): Session | undefined
  /** Whose a session is; undefined: no user's. */
  owner(session: Session): string | undefined
  /** In ms. */
  tombstoneTtl: number
  /** How long after its listing a login that keeps its id may write its record, in ms. */
  pendingMs: number
  /** The sessions of connections. */
  held: HeldSessions
}

/** The records that the entries of lists lead to. */
export class EntryRecords implements ListedRecords, SessionFinder, ScannedRecords {
  readonly #options: EntryOptions

  constructor(options: EntryOptions) {
    this.#options = options
  }

  async end(user: string, entry: ListEntry): Promise<boolean> {
    const { table, envelope, tombstoneTtl: ttl, lifetime, held } = this.#options
    const key = this.#key(entry)
    let raw = await table.load('destroy', key)
    // Where a session moved there meanwhile, it is that one which is to end.
    if (raw === undefined && !(await this.#block(key))) raw = await table.load('destroy', key)
    if (raw === undefined || isEnded(raw) || this.#isForeign(user, entry, raw)) return false
    // A request of this process that read the session must look again.
    countTurn()
    const isOwn = await replaceByTombstone(table.ending, key, raw, { ttl, now: lifetime.now })
    // Connections hold a session by the key of new records. The entry may name the bare id from before.
    if (isOwn) for (const each of [key, envelope.key(entry.key)]) held.end(each, 'ended')
    return isOwn
  }

  async isOver(user: string, entry: ListEntry): Promise<boolean> {
    const raw = await this.#options.table.load('get', this.#key(entry))
    if (raw === undefined || isEnded(raw)) return true
    const found = this.#parse(entry, raw)
    if (found && this.#options.lifetime.isOver(found.record)) return true
    return this.#isForeign(user, entry, raw)
  }

  async find(user: string, entry: ListEntry): Promise<EntrySession | undefined> {
    const raw = await this.#options.table.load('get', this.#key(entry))
    return raw === undefined ? undefined : this.read(user, entry, raw)
  }

  read(user: string, entry: Pick<ListEntry, 'key'>, raw: string): EntrySession | undefined {
    if (isEnded(raw)) return undefined
    const found = this.#parse(entry, raw)
    if (!found || this.#options.lifetime.isOver(found.record)) return undefined
    return this.#options.owner(found.session) === user ? found : undefined
  }

  /** Whose the session of a record is. */
  ownerOf({ value }: { value: string }): string | undefined {
    const session = this.#options.read(value)
    return session && this.#options.owner(session)
  }

  #key({ key }: Pick<ListEntry, 'key'>): string {
    return this.#options.envelope.prefix + key
  }

  /** A session under its bare id may be moving to this key: a tombstone stops it. False: it has moved. */
  async #block(key: string): Promise<boolean> {
    const { table, envelope, tombstoneTtl: ttl, lifetime } = this.#options
    if (ttl === 0 || envelope.legacyKey('') === undefined) return true
    const until = lifetime.now() + ttl
    return table.create(key, tombstone(until), until)
  }

  /**
   * Whether the session of an entry is not this user's any more. A login that keeps its id is listed
   * before it is written: until `pendingMs` have passed, its session counts as the user's.
   */
  #isForeign(user: string, entry: ListEntry, raw: string): boolean {
    const { owner, lifetime, pendingMs } = this.#options
    if (lifetime.now() - entry.seenAt <= pendingMs) return false
    const session = this.#parse(entry, raw)?.session
    return session !== undefined && owner(session) !== user
  }

  #parse(entry: Pick<ListEntry, 'key'>, raw: string): EntrySession | undefined {
    const { envelope, format } = this.#options
    const key = this.#key(entry)
    const value = envelope.unwrapMoving(key, raw)
    const session = value === undefined ? undefined : this.#options.read(value)
    if (value === undefined || !session) return undefined
    return { record: new LoadedRecord(format, entry.key, key, raw, value), session }
  }
}
