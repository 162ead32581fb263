import { inspect } from 'node:util'
import { parseRecord } from '../record/format.js'
import { StoreFailure } from '../record/store-guard.js'
import type { LegacyStore, SessionStore, StoredSession } from '../stores/contract.js'
import { SessionError } from '../util/errors.js'
import { parseObject } from '../util/json.js'
import { DETACHED } from './detached.js'
import { Session } from './session.js'
import type { SessionSettings } from './state.js'

/**
 * `ctx.sessionStore`: reads, writes and ends sessions by id, for sessions other than the request's
 * own. It overwrites whatever is stored: for the request's own session use `ctx.session`.
 */
export class SessionAdmin {
  /** The store that was configured. */
  readonly client: SessionStore | LegacyStore
  readonly #settings: SessionSettings

  constructor(client: SessionStore | LegacyStore, settings: SessionSettings) {
    this.client = client
    this.#settings = settings
  }

  /** The client may hold a password, so that nothing of it is printed. */
  [inspect.custom](): string {
    return 'SessionAdmin {}'
  }

  /** The session of an id, as a plain object with `cookie` inside; undefined: there is none. */
  async get(sid: string): Promise<StoredSession | undefined> {
    return parseObject((await StoreFailure.unwrap(this.#find(sid)))?.value)
  }

  /**
   * Stores a session under an id, for as long as its cookie or the options say.
   * @throws {SessionError} ERR_SESSION_VALUE, ERR_SESSION_DATA, ERR_SESSION_SIZE
   */
  async set(sid: string, session: StoredSession): Promise<void> {
    const { records, format, lifetime } = this.#settings
    const content = parseRecord(JSON.stringify(session))
    if (!content)
      throw new SessionError('ERR_SESSION_VALUE', 'sessionStore.set takes an object as the session')
    const whole = new Session(DETACHED, format, content.data, content.cookie)
    const value = Session.encode(whole, content)
    await StoreFailure.unwrap(records.overwrite(sid, value, lifetime.deadline(whole)))
  }

  /** Ends the session of an id, whichever requests use it. False: there was none. */
  async destroy(sid: string): Promise<boolean> {
    const record = await StoreFailure.unwrap(this.#find(sid))
    return record !== undefined && StoreFailure.unwrap(this.#settings.records.revoke(record))
  }

  async #find(sid: string) {
    const found = await this.#settings.records.find(sid)
    return found.kind === 'record' ? found.record : undefined
  }
}
