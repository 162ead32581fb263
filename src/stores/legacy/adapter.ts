import { isTombstone, tombstoneUntil, valueInTransit } from '../../record/tombstone.js'
import { isEncodable, parseObject } from '../../util/json.js'
import { isObject } from '../../util/shape.js'
import type { LegacyStore, Replaced, SessionStore, StoredSession } from '../contract.js'
import { settle } from './answers.js'
import { KeyQueue } from './key-queue.js'

/**
 * Wraps a store of `get`, `set` and `destroy` as a `SessionStore`. Such a store has no compare-and-set,
 * so the wrapper reads and then writes, one operation per key at a time. That is exact within this
 * process; between processes, a write of another process can fall into the gap.
 * Tombstones are kept in the memory of this process only.
 */
export function adaptLegacy(source: LegacyStore, now: () => number): SessionStore {
  return new LegacyAdapter(source, now)
}

class LegacyAdapter implements SessionStore {
  readonly #source: LegacyStore
  readonly #now: () => number
  readonly #queue = new KeyQueue()
  /** Tombstones and their deadlines, by key. In the order of deadlines, as all last equally long. */
  readonly #tombstones = new Map<string, { value: string; until: number }>()

  constructor(source: LegacyStore, now: () => number) {
    this.#source = source
    this.#now = now
  }

  load(key: string, touch?: number): Promise<string | undefined> {
    if (touch === undefined) return this.#read(key)
    return this.#queue.run(key, async () => {
      const value = await this.#read(key)
      if (value !== undefined) await this.#extend(key, value, touch)
      return value
    })
  }

  create(key: string, value: string, expiresAt: number): Promise<boolean> {
    return this.#queue.run(key, async () => {
      if ((await this.#read(key)) !== undefined) return false
      await this.#write(key, value, expiresAt)
      return true
    })
  }

  replace(key: string, expected: string, value: string, expiresAt: number): Promise<Replaced> {
    return this.#queue.run(key, async () => {
      const current = await this.#read(key)
      if (current !== expected) return { ok: false, current }
      await this.#write(key, value, expiresAt)
      return { ok: true }
    })
  }

  touch(key: string, expiresAt: number): Promise<boolean> {
    return this.#queue.run(key, async () => {
      const value = await this.#read(key)
      if (value !== undefined) await this.#extend(key, value, expiresAt)
      return value !== undefined
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

  async #read(key: string): Promise<string | undefined> {
    const ended = this.#tombstones.get(key)
    if (ended && ended.until > this.#now()) return ended.value
    const session = await this.#get(key).catch(ignoreMissingFile)
    if (!session) return undefined
    if (typeof session === 'object')
      return isEncodable(session) ? JSON.stringify(session) : undefined
    if (typeof session !== 'string') return undefined
    return parseObject(session) && session
  }

  /** Async, so that a synchronous throw of the store becomes a rejection. */
  async #get(key: string): Promise<unknown> {
    return settle(this.#source.get(key))
  }

  async #write(key: string, value: string, expiresAt: number): Promise<void> {
    const until = tombstoneUntil(value)
    if (until !== undefined) return this.#writeTombstone(key, value, Math.min(until, expiresAt))
    const ttl = expiresAt - this.#now()
    if (ttl <= 0) await this.#destroySource(key)
    else await settle(this.#source.set(key, toLegacySession(value), ttl))
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

  async #extend(key: string, value: string, expiresAt: number): Promise<void> {
    const ttl = expiresAt - this.#now()
    if (!this.#source.touchSession || ttl <= 0 || isTombstone(value))
      return this.#write(key, value, expiresAt)
    await settle(this.#source.touchSession(key, toLegacySession(value), ttl))
  }

  async #destroySource(key: string): Promise<void> {
    await settle(this.#source.destroy(key))
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
