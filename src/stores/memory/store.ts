import { duration } from '../../util/duration.js'
import { SessionError } from '../../util/errors.js'
import { assertKnownOptions } from '../../util/shape.js'
import { BaseStore } from '../base.js'
import type { Replaced, ScanPage, StoredRecord } from '../contract.js'
import { bytesOf, Entry, flattenString, LruList } from './lru-list.js'
import { Totals } from './totals.js'

/** @since 1.0.0 */
export interface MemoryStoreOptions {
  /**
   * How many sessions are kept at most; above it, the least recently used is deleted. Lists of the option `users` do not count.
   * @default 100_000
   * @example new MemoryStore({ max: 50_000 })
   */
  max?: number
  /**
   * How much memory the sessions take at most, in bytes; above it, the least recently used are deleted.
   * Counted as V8 may need it: two bytes for each character of id and record, and 200 for each session.
   * Lists of the option `users` do not count. The default is 128 MiB.
   * @default 134_217_728
   * @since Unreleased
   * @example new MemoryStore({ maxBytes: 32 * 1024 * 1024 })
   */
  maxBytes?: number
  /**
   * Returns the time in epoch ms; for tests.
   * @default Date.now
   * @example new MemoryStore({ now: clock.now })
   */
  now?: () => number
}

const DEFAULT_MAX = 100_000
/** Fits a process whose heap is limited to 256 MB, beside the application. */
const DEFAULT_MAX_BYTES = 128 * 1024 * 1024
/** Entries checked for expiry at each use, so that no call has to check all of them. */
const SWEEP_PER_USE = 2
/** Entries checked by the timer, for a store that is not used; this takes well below 1 ms. */
const SWEEP_PER_TICK = 500
const TICK_MS = 100
const DEFAULT_PAGE_SIZE = 100
/**
 * Whether a key is that of the list of a user's sessions: `&` and a hash. Neither limit counts it, and it
 * is not evicted: without its list, a session could not be ended from elsewhere. Only a login makes one.
 */
const isListKey = (key: string) => key.at(-44) === '&'

/**
 * Keeps the sessions of one process in memory. Limited to `max` sessions and `maxBytes`. Expired
 * sessions are deleted.
 * It stores strings, so no object is shared with the application.
 * @since 1.0.0
 */
export class MemoryStore extends BaseStore {
  readonly #entries = new Map<string, Entry>()
  readonly #byUse = new LruList()
  readonly #max: number
  readonly #maxBytes: number
  readonly #totals = new Totals()
  #sweeper = this.#entries.values()
  #hasWarned = false
  #timer: NodeJS.Timeout | undefined

  /**
   * @throws {SessionError} ERR_SESSION_DURATION if `max` is not a number above 0; ERR_SESSION_OPTION if
   * `maxBytes` is not, and for an unknown option.
   */
  constructor(options: MemoryStoreOptions = {}) {
    super(options?.now)
    assertKnownOptions('MemoryStore', Object(options), ['max', 'maxBytes', 'now'])
    const { max = DEFAULT_MAX, maxBytes = DEFAULT_MAX_BYTES } = options ?? {}
    this.#max = duration('max', max)
    if (typeof maxBytes !== 'number' || !(maxBytes > 0))
      throw new SessionError('ERR_SESSION_OPTION', 'maxBytes must be a number of bytes above 0')
    this.#maxBytes = maxBytes
  }

  /**
   * How many records are in memory, including expired ones that are not deleted yet.
   * @example const count = memoryStore.size
   */
  get size(): number {
    return this.#entries.size
  }

  /**
   * How much memory they take, in bytes: each record as `maxBytes` counts one, lists of `users` too.
   * @since Unreleased
   * @example const bytes = memoryStore.bytes
   */
  get bytes(): number {
    return this.#totals.sessionBytes + this.#totals.listBytes
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
    this.#assertFits(key, value)
    this.#totals.remove(entry)
    entry.value = flattenString(value)
    this.#totals.add(entry)
    this.#use(entry, expiresAt)
    this.#evict()
    return { ok: true }
  }

  touch(key: string, expiresAt: number): boolean {
    const entry = this.#live(key)
    if (entry) this.#use(entry, expiresAt)
    return entry !== undefined
  }

  destroy(key: string): boolean {
    const isLive = this.#live(key) !== undefined
    this.#remove(this.#entries.get(key))
    return isLive
  }

  /** Pages are in the order of keys, so changes between two pages make it skip nothing. */
  scan(prefix: string, cursor?: string, count: number = DEFAULT_PAGE_SIZE): ScanPage {
    const limit = Math.max(1, Math.floor(count))
    const records = this.#recordsAfter(cursor, prefix, limit)
    return { records, cursor: records.length < limit ? undefined : records.at(-1)?.key }
  }

  /** The first `limit` live records of a prefix after a key, in the order of keys. */
  #recordsAfter(after: string | undefined, prefix: string, limit: number): StoredRecord[] {
    let found: StoredRecord[] = []
    let last: string | undefined
    for (const [key, { value, expiresAt }] of this.#entries) {
      if (!key.startsWith(prefix) || expiresAt <= this.now()) continue
      if ((after !== undefined && key <= after) || (last !== undefined && key > last)) continue
      found.push({ key, value, expiresAt })
      // Cut now and then, as sorting all records for each page would be slow.
      if (found.length < 2 * limit) continue
      found = found.sort(byKey).slice(0, limit)
      last = found.at(-1)?.key
    }
    return found.sort(byKey).slice(0, limit)
  }

  protected put(key: string, value: string, expiresAt: number): void {
    this.#assertFits(key, value)
    this.#remove(this.#entries.get(key))
    const entry = new Entry(flattenString(key), flattenString(value), isListKey(key))
    this.#entries.set(entry.key, entry)
    this.#totals.add(entry)
    this.#use(entry, expiresAt)
    this.#evict()
    if (!this.#timer) this.#startTimer()
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.expiresAt > this.now() ? entry : undefined
  }

  /** Sets the expiry of an entry and marks it as used; removes it if the expiry has passed. */
  #use(entry: Entry, expiresAt: number): void {
    entry.expiresAt = expiresAt
    if (expiresAt <= this.now()) this.#remove(entry)
    else if (!entry.isList) this.#byUse.use(entry)
    // After reads too: a paused iterator retains every old hash table of the growing Map.
    this.#sweep(SWEEP_PER_USE)
  }

  #remove(entry: Entry | undefined): void {
    if (!entry || !this.#entries.delete(entry.key)) return
    this.#totals.remove(entry)
    this.#byUse.remove(entry)
  }

  /** Starts a timer that stops when the store is empty. It keeps neither the process nor the store alive. */
  #startTimer(): void {
    const reference = new WeakRef(this)
    const timer = setInterval(() => {
      const store = reference.deref()
      if (store === undefined || !store.#tick()) clearInterval(timer)
    }, TICK_MS)
    this.#timer = timer.unref()
  }

  /** Returns false when the store is empty, to stop the timer. */
  #tick(): boolean {
    this.#sweep(SWEEP_PER_TICK)
    if (this.#entries.size === 0) this.#timer = undefined
    return this.#timer !== undefined
  }

  /** Checks the next `limit` entries, and removes those that expired. */
  #sweep(limit: number): void {
    const now = this.now()
    for (let checked = 0; checked < limit; checked++) {
      const { done, value: entry } = this.#sweeper.next()
      if (done) {
        this.#sweeper = this.#entries.values()
        return
      }
      if (entry.expiresAt <= now) this.#remove(entry)
    }
  }

  /** Otherwise one record would evict every other session, and then itself. */
  #assertFits(key: string, value: string): void {
    if (bytesOf(key, value) <= this.#maxBytes) return
    throw new SessionError(
      'ERR_SESSION_SIZE',
      `The session alone is larger than maxBytes of the MemoryStore (${this.#maxBytes} bytes), and nothing was written. Raise it, or keep large data elsewhere.`,
    )
  }

  /** Deletes the least recently used sessions until the rest fits. The one just used is the last to go. */
  #evict(): void {
    const totals = this.#totals
    while (totals.sessions > this.#max || totals.sessionBytes > this.#maxBytes) {
      const { oldest } = this.#byUse
      if (!oldest) return
      this.#remove(oldest)
      this.#warnOnce()
    }
  }

  #warnOnce(): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(
      `The MemoryStore is full: ${this.#max} sessions (max) or ${this.#maxBytes} bytes (maxBytes). From now on it deletes the least recently used ones for new ones. Raise max or maxBytes, or use a store outside of the process.`,
      { code: 'KOA_SESS_MEMORY_FULL' },
    )
  }
}

function byKey(one: StoredRecord, other: StoredRecord): number {
  return one.key < other.key ? -1 : 1
}
