import { duration } from '../../util/duration.js'
import { BaseStore } from '../base.js'
import type { Page, Replaced, StoredRecord } from '../contract.js'
import { Entry, flat, Ring } from './lru-list.js'

export interface MemoryStoreOptions {
  /** How many sessions it holds; past it the least recently used goes. Default 100,000. */
  max?: number
  /** The clock, in epoch ms. Default `Date.now`; for tests. */
  now?: () => number
}

/** Entries looked at for each use, so that expired ones go without a pause. */
const SWEEP = 2
/** And while nothing happens: a fraction of a millisecond, ten times a second. */
const IDLE_SWEEP = 500
const IDLE_MS = 100
/** Records on a page of `scan`. */
const PAGE = 100

/**
 * Sessions of one process, bounded and expiring. What it holds are strings: no reference to a
 * session leaks out or in.
 */
export class MemoryStore extends BaseStore {
  readonly #entries = new Map<string, Entry>()
  readonly #order = new Ring()
  readonly #max: number
  #sweeper = this.#entries.values()
  #warned = false
  #timer: NodeJS.Timeout | undefined

  /** @throws {SessionError} ERR_SESSION_DURATION when `max` is not a number above 0. */
  constructor({ max = 100_000, now }: MemoryStoreOptions = {}) {
    super(now)
    this.#max = duration('max', max)
  }

  /** How many sessions it holds, expired ones that were not swept yet among them. */
  get size(): number {
    return this.#entries.size
  }

  load(key: string, touch?: number): string | undefined {
    const entry = this.#live(key)
    if (entry) this.#use(entry, touch ?? entry.expiresAt)
    return entry?.value
  }

  create(key: string, value: string, expiresAt: number): boolean {
    if (this.#live(key)) return false
    this.put(key, value, expiresAt)
    return true
  }

  replace(key: string, expected: string, value: string, expiresAt: number): Replaced {
    const entry = this.#live(key)
    if (entry?.value !== expected) return { ok: false, current: entry?.value }
    entry.value = flat(value)
    this.#use(entry, expiresAt)
    return { ok: true }
  }

  touch(key: string, expiresAt: number): boolean {
    const entry = this.#live(key)
    if (entry) this.#use(entry, expiresAt)
    return entry !== undefined
  }

  destroy(key: string): boolean {
    const live = this.#live(key) !== undefined
    this.#remove(this.#entries.get(key))
    return live
  }

  /** In the order of their keys, so that whatever is used, comes or goes meanwhile, none is passed over. */
  scan(prefix: string, cursor?: string, count: number = PAGE): Page {
    const most = Math.max(1, Math.floor(count))
    const records = this.#following(prefix, cursor, most)
    return { records, cursor: records.length < most ? undefined : records.at(-1)?.key }
  }

  /** The first live records of a prefix behind a key. */
  #following(prefix: string, after: string | undefined, count: number): StoredRecord[] {
    let found: StoredRecord[] = []
    let last: string | undefined
    for (const [key, { value, expiresAt }] of this.#entries) {
      if (!key.startsWith(prefix) || expiresAt <= this.now()) continue
      if ((after !== undefined && key <= after) || (last !== undefined && key > last)) continue
      found.push({ key, value, expiresAt })
      // Not all of them are sorted for each page: most are behind what has been found already.
      if (found.length < 2 * count) continue
      found = found.sort(byKey).slice(0, count)
      last = found.at(-1)?.key
    }
    return found.sort(byKey).slice(0, count)
  }

  protected put(key: string, value: string, expiresAt: number): void {
    this.#remove(this.#entries.get(key))
    const entry = new Entry(flat(key), flat(value))
    this.#entries.set(entry.key, entry)
    this.#use(entry, expiresAt)
    if (this.#entries.size > this.#max) this.#evict()
    if (!this.#timer) this.#watch()
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.expiresAt > this.now() ? entry : undefined
  }

  #use(entry: Entry, expiresAt: number): void {
    entry.expiresAt = expiresAt
    if (expiresAt > this.now()) this.#order.use(entry)
    else this.#remove(entry)
    // Reads too: an iterator that stands still keeps every table alive that the Map outgrows.
    this.#sweep(SWEEP)
  }

  #remove(entry: Entry | undefined): void {
    if (!entry) return
    this.#entries.delete(entry.key)
    this.#order.remove(entry)
  }

  /** As long as there is something to expire; it keeps neither the process nor the store alive. */
  #watch(): void {
    const store = new WeakRef(this)
    const timer = setInterval(() => {
      const alive = store.deref()
      if (alive === undefined || !alive.#tick()) clearInterval(timer)
    }, IDLE_MS)
    this.#timer = timer.unref()
  }

  /** Whether there is anything left to watch. */
  #tick(): boolean {
    this.#sweep(IDLE_SWEEP)
    if (this.#entries.size === 0) this.#timer = undefined
    return this.#timer !== undefined
  }

  #sweep(most: number): void {
    const now = this.now()
    for (let looked = 0; looked < most; looked++) {
      const { done, value: entry } = this.#sweeper.next()
      if (done) {
        this.#sweeper = this.#entries.values()
        return
      }
      if (entry.expiresAt <= now) this.#remove(entry)
    }
  }

  #evict(): void {
    this.#remove(this.#order.oldest)
    if (this.#warned) return
    this.#warned = true
    process.emitWarning(
      `The MemoryStore reached its max of ${this.#max} sessions: the least recently used ones are dropped from now on. Raise max, or use a store outside of the process.`,
      { code: 'KOA_SESS_MEMORY_FULL' },
    )
  }
}

function byKey(one: StoredRecord, other: StoredRecord): number {
  return one.key < other.key ? -1 : 1
}
