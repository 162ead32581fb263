import type { Replaced, SessionStore } from '../stores/contract.js'
import { type Awaitable, andThen } from '../util/async.js'
import { unavailable } from '../util/errors.js'
import { type StoreCall, StoreFailure, type StoreGuard } from './store-guard.js'
import { isTombstone } from './tombstone.js'

const BROKEN =
  'The connection to the session store broke while a session was written, and another process wrote it since: whether this write was done is not known'

/** A key, and the value that was seen there. */
export interface Seen {
  key: string
  raw: string
}

/** The store's methods, called through the guard. */
export class RecordTable {
  readonly #store: SessionStore
  readonly #guard: StoreGuard
  /** The store, as `replaceByTombstone` uses it. */
  readonly ending: Pick<SessionStore, 'replace' | 'destroy'>

  constructor(store: SessionStore, guard: StoreGuard) {
    this.#store = store
    this.#guard = guard
    this.ending = {
      replace: (key, raw, value, expiresAt) =>
        this.replace('destroy', { key, raw }, value, expiresAt, true),
      destroy: (key) => guard.call('destroy', () => store.destroy(key)),
    }
  }

  load(call: StoreCall, key: string, touch?: number): Awaitable<string | undefined> {
    return this.#guard.call(call, () => this.#store.load(key, touch))
  }

  touch(key: string, expiresAt: number): Awaitable<boolean> {
    return this.#guard.call('get', () => this.#store.touch(key, expiresAt))
  }

  create(key: string, value: string, expiresAt: number): Awaitable<boolean> {
    return this.#guard.call('set', () => this.#store.create(key, value, expiresAt))
  }

  /**
   * Creates a record. A client whose connection broke may have sent the command twice: the second one
   * finds what the first one wrote. Otherwise an equal value is the session of another browser, whose
   * id `genSid` returned again.
   */
  async insert(key: string, value: string, expiresAt: number): Promise<boolean> {
    const { breaks } = this.#guard
    if (await this.create(key, value, expiresAt)) return true
    return this.#guard.breaks !== breaks && (await this.load('set', key)) === value
  }

  /**
   * Compare and set. A client whose connection breaks may send the command again: the second one
   * finds what the first one wrote. That is a success. Where it finds another value, it is not known
   * whether the first one was done.
   * @param isUnique No other request can have written this value. Otherwise an equal value counts as
   * one's own only when the connection broke since: an equal count may be another request's.
   * @throws {StoreFailure} ERR_SESSION_UNAVAILABLE (503) when that is not known.
   */
  replace(
    call: StoreCall,
    { key, raw }: Seen,
    value: string,
    expiresAt: number,
    isUnique: boolean,
  ): Awaitable<Replaced> {
    const breaks = this.#guard.breaks
    const answer = this.#guard.call(call, () => this.#store.replace(key, raw, value, expiresAt))
    return andThen(answer, (replaced): Replaced => {
      if (replaced.ok || replaced.current === undefined) return replaced
      const isBroken = this.#guard.breaks !== breaks
      if (replaced.current === value) return isUnique || isBroken ? { ok: true } : replaced
      // Another process may have written over what this command wrote: to write it again would undo that.
      if (isBroken && call === 'set' && !isTombstone(replaced.current))
        throw new StoreFailure(call, unavailable(BROKEN))
      return replaced
    })
  }
}
