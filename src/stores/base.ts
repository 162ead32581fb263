import type { Awaitable } from '../util/async.js'
import { ONE_DAY } from '../util/duration.js'
import { SessionError } from '../util/errors.js'
import { parseObject } from '../util/json.js'
import type { Replaced, SessionStore, StoredSession } from './contract.js'

/**
 * Base class of the built-in stores. It adds `get` and `set`, so that they also work as stores of
 * koa-generic-session and koa-session.
 */
export abstract class BaseStore implements SessionStore {
  protected readonly now: () => number

  /**
   * `now` returns epoch ms. Default `Date.now`.
   * @throws {SessionError} ERR_SESSION_OPTION
   */
  constructor(now: () => number = Date.now) {
    if (typeof now !== 'function')
      throw new SessionError('ERR_SESSION_OPTION', 'now must be a function')
    this.now = now
  }

  abstract load(key: string, touch?: number): Awaitable<string | undefined>
  abstract create(key: string, value: string, expiresAt: number): Awaitable<boolean>
  abstract replace(
    key: string,
    expected: string,
    value: string,
    expiresAt: number,
  ): Awaitable<Replaced>
  abstract touch(key: string, expiresAt: number): Awaitable<boolean>
  abstract destroy(key: string): Awaitable<boolean>
  /** Writes over whatever is stored. Only `set` uses it, as that is what `set` means in older packages. */
  protected abstract put(key: string, value: string, expiresAt: number): Awaitable<unknown>

  /** Returns the session of an id as a new object, or undefined. */
  async get(sid: string): Promise<StoredSession | undefined> {
    return parseObject(await this.load(sid))
  }

  /**
   * Writes a session over whatever is stored. `ttl` in ms. Default, also for 0 and for anything that
   * is not a number: one day.
   */
  async set(sid: string, session: StoredSession, ttl?: unknown): Promise<void> {
    const lifetime =
      typeof ttl === 'number' && ttl !== 0 && !Number.isNaN(ttl) ? Math.ceil(ttl) : ONE_DAY
    await this.put(sid, JSON.stringify(session), this.now() + lifetime)
  }
}
