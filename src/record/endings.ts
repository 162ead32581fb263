import { RecentCache } from '../util/recent-cache.js'
import type { RecordEnvelope } from './envelope.js'
import type { HeldSessions } from './held-sessions.js'
import type { LoadedRecord, SessionEnd } from './records.js'
import { replaceByTombstone } from './revoke.js'
import { StoreFailure } from './store-guard.js'
import type { RecordTable } from './table.js'
import { type EndKind, endKind, isEnded, tombstone } from './tombstone.js'

/** How many ends are known at least. An older one counts as that of another process. */
const MIN_KNOWN = 1000
/** The order of an end that is under way. */
const LAST = Number.POSITIVE_INFINITY

export interface EndingOptions {
  /** How long a tombstone blocks the id of a session that ended, in ms. */
  tombstoneTtl: number
  /** The sessions of connections. */
  held: HeldSessions
  now: () => number
}

/** Ends sessions, and knows in which order: a clock cannot order what happens within a millisecond. */
export class SessionEndings {
  readonly #table: RecordTable
  readonly #envelope: RecordEnvelope
  readonly #options: EndingOptions
  readonly #orders = new RecentCache(MIN_KNOWN)
  #begun = 0
  #count = 0

  constructor(table: RecordTable, envelope: RecordEnvelope, options: EndingOptions) {
    this.#table = table
    this.#envelope = envelope
    this.#options = options
  }

  /** How many attempts to end a session have begun here. */
  get begun(): number {
    return this.#begun
  }

  /** How many sessions ended here. */
  get count(): number {
    return this.#count
  }

  endOf(id: string, raw: string, until: number): SessionEnd {
    return { at: until - this.#options.tombstoneTtl, order: this.#order(id), kind: endKind(raw) }
  }

  /** Ends a session in whatever state it is, and blocks its id. False: it was gone. */
  async end(record: LoadedRecord, kind: EndKind): Promise<boolean> {
    this.#begun++
    // A slice of a Cookie header would keep the whole header alive.
    const id = Buffer.from(record.id).toString()
    const own = tombstone(this.#options.now() + this.#options.tombstoneTtl, kind)
    let isOwn = false
    if (this.#order(id) === 0) this.#orders.set(id, String(LAST))
    try {
      isOwn = await this.#end(record, own).catch((failure: unknown) =>
        this.#lookAfter(failure, record.key, own),
      )
    } finally {
      // Another request may have ended it while this one tried to.
      if (isOwn || this.#order(id) === LAST) this.#orders.set(id, String(++this.#count))
    }
    const { held } = this.#options
    if (isOwn) held.end(this.#envelope.key(id), kind)
    else held.check(this.#envelope.key(id))
    return isOwn
  }

  #order(id: string): number {
    return Number(this.#orders.get(id) ?? 0)
  }

  /** The bare id first: a move that is not completed would otherwise bring the session back. */
  async #end({ id, key, raw }: LoadedRecord, own: string): Promise<boolean> {
    let ended = false
    for (const each of this.#envelope.keysOfMove(id) ?? [key]) {
      const current = each === key ? raw : await this.#table.load('destroy', each)
      if (current === undefined || isEnded(current)) continue
      const { tombstoneTtl: ttl, now } = this.#options
      ended =
        (await replaceByTombstone(this.#table.ending, each, current, { ttl, now, own })) || ended
    }
    return ended
  }

  /** The store may have ended the session all the same: one look decides. */
  async #lookAfter(failure: unknown, key: string, own: string): Promise<boolean> {
    if (!(failure instanceof StoreFailure)) throw failure
    let current: string | undefined
    try {
      current = await this.#table.load('destroy', key)
    } catch {
      throw failure.asUncertain()
    }
    if (current === own || (current === undefined && this.#options.tombstoneTtl === 0)) return true
    throw failure
  }
}
