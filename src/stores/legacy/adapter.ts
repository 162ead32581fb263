import { isTombstone, tombstoneUntil, valueInTransit } from '../../record/tombstone.js'
import { currentContext, followContexts } from '../../util/current-context.js'
import { ONE_DAY } from '../../util/duration.js'
import { isEncodable, parseObject } from '../../util/json.js'
import { isObject } from '../../util/shape.js'
import type {
  LegacyStore,
  LegacyWriteOptions,
  Replaced,
  SessionStore,
  StoredSession,
} from '../contract.js'
import { settle } from './answers.js'
import { takeDeadline, tryWithDeadline } from './deadline.js'
import { KeyQueue } from './key-queue.js'

export interface LegacyAdapterOptions {
  /** The option of that name, for stores of koa-session. Default false. */
  rolling?: boolean | undefined
  /** How long sessions last, in ms, for stores that extend what they read. Default one day. */
  maxAge?: number | undefined
  /** Records hold their deadline. False tests whether the store expires sessions itself. Default true. */
  datesRecords?: boolean | undefined
  /**
   * True: `replace` takes the expected value in any spelling of the same JSON, as the store returns it in
   * its own. For callers that expect what they wrote and did not read again. Default false.
   */
  anySpelling?: boolean | undefined
}

/**
 * Wraps a store of `get`, `set` and `destroy` as a `SessionStore`. Such a store has no compare-and-set,
 * so the wrapper reads and then writes, one operation per key at a time. That is exact within this
 * process; between processes, a write of another process can fall into the gap.
 * Tombstones are kept in the memory of this process only.
 */
export function adaptLegacy(
  source: LegacyStore,
  now: () => number,
  options: LegacyAdapterOptions = {},
): SessionStore {
  return new LegacyAdapter(source, now, options)
}

/** What a write changes, and until when the session is stored, in epoch ms. */
interface LegacyWrite {
  readonly value: string
  readonly expiresAt: number
  readonly changed: boolean
}

class LegacyAdapter implements SessionStore {
  readonly #source: LegacyStore
  readonly #now: () => number
  readonly #rolling: boolean
  readonly #maxAge: number
  readonly #datesRecords: boolean
  readonly #anySpelling: boolean
  readonly #queue = new KeyQueue()
  /** Tombstones and their deadlines, by key. In the order of deadlines, as all last equally long. */
  readonly #tombstones = new Map<string, { value: string; until: number }>()

  constructor(
    source: LegacyStore,
    now: () => number,
    {
      rolling = false,
      maxAge = ONE_DAY,
      datesRecords = true,
      anySpelling = false,
    }: LegacyAdapterOptions,
  ) {
    this.#source = source
    this.#now = now
    this.#rolling = rolling
    this.#maxAge = maxAge
    // A store with touchSession expires sessions itself, and would keep a deadline as it is.
    this.#datesRecords = datesRecords && !source.touchSession
    this.#anySpelling = anySpelling
    followContexts()
  }

  load(key: string, touch?: number): Promise<string | undefined> {
    if (touch === undefined) return this.#readAlone(key)
    return this.#queue.run(key, async () => {
      const value = await this.#read(key, touch - this.#now())
      if (value === undefined) return undefined
      return (await this.#extend(key, value, touch)) ? value : undefined
    })
  }

  create(key: string, value: string, expiresAt: number): Promise<boolean> {
    return this.#queue.run(key, async () => {
      if ((await this.#read(key)) !== undefined) return false
      await this.#write(key, { value, expiresAt, changed: true })
      return true
    })
  }

  replace(key: string, expected: string, value: string, expiresAt: number): Promise<Replaced> {
    return this.#queue.run(key, async () => {
      const current = await this.#read(key)
      if (!this.#isSame(current, expected)) return { ok: false, current }
      await this.#write(key, { value, expiresAt, changed: value !== expected })
      return { ok: true }
    })
  }

  touch(key: string, expiresAt: number): Promise<boolean> {
    return this.#queue.run(key, async () => {
      const value = await this.#read(key)
      return value !== undefined && (await this.#extend(key, value, expiresAt))
    })
  }

  destroy(key: string): Promise<boolean> {
    return this.#queue.run(key, async () => {
      const isLive = (await this.#read(key)) !== undefined
      this.#tombstones.delete(key)
      await this.#destroySource(key)
      return isLive
    })
  }

  /** A store of files returns nothing, or half of it, while it writes: that is no answer. */
  async #readAlone(key: string): Promise<string | undefined> {
    const wasBusy = this.#queue.isBusy(key)
    const value = await this.#read(key)
    if (value !== undefined || !(wasBusy || this.#queue.isBusy(key))) return value
    return this.#queue.run(key, () => this.#read(key))
  }

  async #read(key: string, maxAge = this.#maxAge): Promise<string | undefined> {
    const ended = this.#tombstones.get(key)
    if (ended && ended.until > this.#now()) return ended.value
    const stored = await this.#get(key, maxAge).catch(ignoreMissingFile)
    if (!stored) return undefined
    if (typeof stored === 'object') return this.#textOf(stored)
    if (typeof stored !== 'string') return undefined
    const session = parseObject(stored)
    return session && (stored.includes('"deadline":') ? this.#textOf(session) : stored)
  }

  /** A session as text, without its deadline; undefined: that has passed, or JSON cannot write it. */
  #textOf(stored: object): string | undefined {
    const dated = isObject(stored) ? takeDeadline(stored, this.#now()) : undefined
    if (dated?.isOver) return undefined
    const session = dated?.session ?? stored
    return isEncodable(session) ? JSON.stringify(session) : undefined
  }

  #isSame(current: string | undefined, expected: string): boolean {
    if (current === expected) return true
    return this.#anySpelling && current !== undefined && current === this.#asRead(expected)
  }

  /** A session as the store returns it: parsed and written once. */
  #asRead(value: string): string | undefined {
    return parseObject(value) && this.#textOf(toLegacySession(value))
  }

  /** Async, so that a synchronous throw of the store becomes a rejection. */
  async #get(key: string, maxAge: number): Promise<unknown> {
    const options = { ctx: currentContext(), rolling: this.#rolling }
    return settle(this.#source.get(key, maxAge, options))
  }

  async #write(key: string, write: LegacyWrite): Promise<void> {
    const { value, expiresAt, changed } = write
    const until = tombstoneUntil(value)
    if (until !== undefined) return this.#writeTombstone(key, value, Math.min(until, expiresAt))
    const ttl = expiresAt - this.#now()
    if (ttl <= 0) return this.#destroySource(key)
    const session = toLegacySession(value)
    const stored = this.#datesRecords ? tryWithDeadline(session, expiresAt) : session
    // A session that JSON cannot write again is left as it is, and is read all the same.
    if (!changed && !isEncodable(stored)) return
    await settle(this.#source.set(key, stored, ttl, this.#writeOptions(changed)))
  }

  /** A write that changes nothing extends: stores of koa-session ignore it unless `rolling` says so. */
  #writeOptions(changed: boolean): LegacyWriteOptions {
    return { ctx: currentContext(), changed, rolling: this.#rolling || !changed }
  }

  /**
   * `until` is at most the deadline in the value: a rolling read extends every record.
   * The tombstone comes first, as a read before the end of `destroy` must not find the id free.
   */
  async #writeTombstone(key: string, value: string, until: number): Promise<void> {
    this.#addTombstone(key, value, until)
    // A move that this process does not complete must leave the session where it is.
    if (valueInTransit(value)) return
    await this.#destroySource(key).catch((error) => {
      this.#tombstones.delete(key)
      throw error
    })
  }

  /** Returns false if the store says that the session is gone. */
  async #extend(key: string, value: string, expiresAt: number): Promise<boolean> {
    const ttl = expiresAt - this.#now()
    if (!this.#source.touchSession || ttl <= 0 || isTombstone(value)) {
      await this.#write(key, { value, expiresAt, changed: false })
      return true
    }
    const session = toLegacySession(value)
    const options = this.#writeOptions(false)
    return (await settle(this.#source.touchSession(key, session, ttl, options))) !== false
  }

  async #destroySource(key: string): Promise<void> {
    await settle(this.#source.destroy(key, { ctx: currentContext() }))
  }

  /** Adds a tombstone at the end of the Map, and removes expired ones from its beginning. */
  #addTombstone(key: string, value: string, until: number): void {
    for (const [oldKey, old] of this.#tombstones) {
      if (old.until > this.#now()) break
      this.#tombstones.delete(oldKey)
    }
    this.#tombstones.delete(key)
    this.#tombstones.set(key, { value, until })
  }
}

// Some file stores reject with ENOENT for an unknown session. With the syscall `connect`, ENOENT means
// that the server's socket is missing, which is a failure.
function ignoreMissingFile(error: unknown): undefined {
  if (!(error instanceof Error) || Reflect.get(error, 'code') !== 'ENOENT') throw error
  if (Reflect.get(error, 'syscall') === 'connect') throw error
  return undefined
}

/** The session object that legacy stores expect: parsed, with `cookie.expires` as a Date. */
function toLegacySession(value: string): StoredSession {
  const session: StoredSession = JSON.parse(value)
  const { cookie } = session
  if (isObject(cookie) && typeof cookie.expires === 'string')
    cookie.expires = new Date(cookie.expires)
  return session
}
