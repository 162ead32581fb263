import { isEnded, isTombstone } from '../../record/tombstone.js'
import type { Awaitable } from '../../util/async.js'
import { SessionError } from '../../util/errors.js'
import { assertKnownOptions } from '../../util/shape.js'
import {
  assertStore,
  isSessionStore,
  type LegacyStore,
  type Replaced,
  type SessionStore,
} from '../contract.js'
import { adaptLegacy } from '../legacy/adapter.js'
import { Connections } from './connections.js'
import { isMoved, settledMark, unsettledDeadline } from './mark.js'
import { Mover, type Write } from './move.js'
import { EMPTY_STORE, warnOfOneDatabase } from './one-database.js'
import { scanBoth } from './scan.js'

/** @since 1.0.0 */
export interface MigratingOptions {
  /**
   * The store that has the sessions now.
   * @example migrating({ from: memoryStore, to: redisStore })
   */
  from: SessionStore | LegacyStore
  /**
   * The store to move them to.
   * @example migrating({ from: memoryStore, to: redisStore })
   */
  to: SessionStore | LegacyStore
  /**
   * False: reads `to`, but creates no sessions there and moves none. For the first of two deploys, so
   * that servers that know only `from` still find every session.
   * @default true
   * @example migrating({ from: memoryStore, to: redisStore, move: false })
   */
  move?: boolean
  /**
   * Returns the time in epoch ms; for tests.
   * @default Date.now
   * @example migrating({ from: memoryStore, to: redisStore, now: clock.now })
   */
  now?: () => number
}

const OPTIONS = ['from', 'to', 'move', 'now']

/**
 * Combines two stores, to move sessions without downtime. Reads both, creates sessions in `to`, and
 * moves a session to `to` on its first write. If both have a record, the one in `from` is valid.
 * So every call reads `from` first, which is one more round trip for a session that has moved.
 * Two stores of one database are used as one, with a warning.
 * docs/migrate-stores.md describes the guarantees and the steps of a migration.
 * @throws {SessionError} ERR_SESSION_OPTION; ERR_SESSION_STORE_CONTRACT if `from` or `to` is not a store.
 * @since 1.0.0
 * @example session({ store: migrating({ from: memoryStore, to: redisStore }) })
 */
export function migrating(options: MigratingOptions): SessionStore {
  const { from, to, move = true, now = Date.now } = options ?? {}
  assertKnownOptions('migrating', options ?? {}, OPTIONS)
  assertStore(from, 'from')
  assertStore(to, 'to')
  if (from === to)
    throw new SessionError('ERR_SESSION_OPTION', 'from and to are the same store. Pass two stores.')
  if (typeof move !== 'boolean')
    throw new SessionError('ERR_SESSION_OPTION', 'move must be true or false.')
  if (typeof now !== 'function')
    throw new SessionError('ERR_SESSION_OPTION', 'now must be a function')
  return new MigratingStore({ from, to, move, now })
}

class MigratingStore implements SessionStore {
  readonly scan?: NonNullable<SessionStore['scan']>
  #from: SessionStore
  readonly #to: SessionStore
  readonly #isMoving: boolean
  readonly #now: () => number
  readonly #mover: Mover
  readonly #connections: Connections

  constructor({ from, to, move, now }: Required<MigratingOptions>) {
    // A move compares with what it wrote, and does not read that again.
    const adapted = { anySpelling: true }
    this.#from = isSessionStore(from) ? from : adaptLegacy(from, now, adapted)
    this.#to = isSessionStore(to) ? to : adaptLegacy(to, now, adapted)
    this.#isMoving = move
    this.#now = now
    const storesMarks = isSessionStore(from)
    this.#mover = new Mover({ from: this.#from, to: this.#to, now, storesMarks })
    this.#connections = new Connections([from, to])
    const [scanFrom, scanTo] = [this.#from, this.#to].map((store) => store.scan?.bind(store))
    if (scanFrom && scanTo) this.scan = scanBoth(scanFrom, scanTo)
  }

  async load(key: string, touch?: number): Promise<string | undefined> {
    const found = await this.#from.load(key, touch)
    if (found === undefined || isMoved(found)) return this.#loadTo(key, found, touch)
    // A touch with a passed deadline deletes the session, so its copy must go as well.
    if (touch !== undefined && touch <= this.#now()) await this.#to.destroy(key)
    return found
  }

  async create(key: string, value: string, expiresAt: number): Promise<boolean> {
    const found = await this.#from.load(key)
    if (found !== undefined && !isMoved(found)) return false
    if (this.#isMoving) return this.#to.create(key, value, expiresAt)
    if ((await this.#to.load(key)) !== undefined) return false
    return this.#from.create(key, value, expiresAt)
  }

  async replace(
    key: string,
    expected: string,
    value: string,
    expiresAt: number,
  ): Promise<Replaced> {
    const write: Write = { key, expected, value, expiresAt }
    const found = await this.#from.load(key)
    if (found === undefined || isMoved(found)) return this.#replaceInTo(write, found)
    if (found !== expected) return { ok: false, current: found }
    // A session that ends need not move first.
    if (isTombstone(value)) return this.#endInFrom(write)
    if (this.#isMoving && value !== expected)
      return (await this.#mover.move(write)) ?? this.#replaceInOne(write)
    return this.#replaceInFrom(write)
  }

  async touch(key: string, expiresAt: number): Promise<boolean> {
    if (expiresAt <= this.#now()) return this.destroy(key)
    // `load` with a touch, as `touch` alone does not show whether it found a session or a mark.
    return (await this.load(key, expiresAt)) !== undefined
  }

  async destroy(key: string): Promise<boolean> {
    const wasInFrom = await this.#destroyInFrom(key)
    return (await this.#to.destroy(key)) || wasInFrom
  }

  on(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#connections.on(event, listener)
    return this
  }

  off(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#connections.off(event, listener)
    return this
  }

  get breaks(): number {
    return (this.#from.breaks ?? 0) + (this.#to.breaks ?? 0)
  }

  get lastError(): unknown {
    return this.#from.lastError ?? this.#to.lastError
  }

  /** `mark` is the mark of the move in `from`, if there is one. */
  async #loadTo(
    key: string,
    mark: string | undefined,
    touch?: number,
  ): Promise<string | undefined> {
    const value = await this.#to.load(key, touch)
    if (mark !== undefined && value !== undefined)
      await this.#mover.settle({ key, mark, value, touch }).catch(() => undefined)
    return value
  }

  /** `mark` is the mark of the move in `from`, if there is one. */
  async #replaceInTo(
    { key, expected, value, expiresAt }: Write,
    mark: string | undefined,
  ): Promise<Replaced> {
    if (mark === undefined) return this.#to.replace(key, expected, value, expiresAt)
    const settled = await this.#settle(key, mark)
    const result = await this.#to.replace(key, expected, value, expiresAt)
    // A slow move of this session must find that it ended, not only that it moved.
    const hasEnded = isEnded(value) && (result.ok || result.current === undefined)
    if (hasEnded) await this.#from.replace(key, settled, value, expiresAt)
    return result
  }

  /** Completes the move of a session before a write. @returns the mark that `from` has then. */
  async #settle(key: string, mark: string): Promise<string> {
    if (unsettledDeadline(mark) === undefined) return mark
    const value = await this.#to.load(key)
    if (value === undefined) return mark
    await this.#mover.settle({ key, mark, value })
    return settledMark(mark)
  }

  /** `from` and `to` are one database: from now on `to` alone is used. */
  #replaceInOne({ key, expected, value, expiresAt }: Write): Awaitable<Replaced> {
    if (this.#from !== EMPTY_STORE) warnOfOneDatabase()
    this.#from = EMPTY_STORE
    return this.#to.replace(key, expected, value, expiresAt)
  }

  async #replaceInFrom({ key, expected, value, expiresAt }: Write): Promise<Replaced> {
    const result = await this.#from.replace(key, expected, value, expiresAt)
    return this.#mover.followMove(key, result)
  }

  /** Ends the session in `from` first: after that, no other process can complete a move. */
  async #endInFrom({ key, expected, value, expiresAt }: Write): Promise<Replaced> {
    const result = await this.#from.replace(key, expected, value, expiresAt)
    if (result.ok) {
      const copy = await this.#to.load(key)
      // A tombstone is unique. Where it is in `to` as well, both are one database.
      if (copy !== undefined && copy !== value) await this.#to.destroy(key)
    }
    return this.#mover.followMove(key, result)
  }

  /** Deletes what `from` has. Returns false for the mark of a move: the session is in `to`. */
  async #destroyInFrom(key: string): Promise<boolean> {
    let found = await this.#from.load(key)
    while (found !== undefined) {
      const result = await this.#from.replace(key, found, '', 0)
      if (result.ok) return !isMoved(found)
      found = result.current
    }
    return false
  }
}
