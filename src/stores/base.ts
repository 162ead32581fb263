import type { Awaitable } from '../util/async.js'
import { ONE_DAY } from '../util/duration.js'
import { parseObject } from '../util/json.js'
import type { Replaced, SessionStore, StoredSession } from './contract.js'

/**
 * What the built-in stores share: they also answer `get`, `set` and `destroy` as stores always did
 * for koa-sess, and so serve koa-generic-session and koa-session as they are.
 */
export abstract class BaseStore implements SessionStore {
  protected readonly now: () => number

  constructor(now: () => number = Date.now) {
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
  /** Writes whatever was there before: only for `set`, which has always meant that. */
  protected abstract put(key: string, value: string, expiresAt: number): Awaitable<unknown>

  /** The session of an id as an object of its own, or undefined. */
  async get(sid: string): Promise<StoredSession | undefined> {
    return parseObject(await this.load(sid))
  }

  /** Overwrites without a look. `ttl` in ms; default, and for anything that is no number above 0: one day. */
  async set(sid: string, session: StoredSession, ttl?: unknown): Promise<void> {
    const lasting =
      typeof ttl === 'number' && ttl !== 0 && !Number.isNaN(ttl) ? Math.ceil(ttl) : ONE_DAY
    await this.put(sid, JSON.stringify(session), this.now() + lasting)
  }
}
