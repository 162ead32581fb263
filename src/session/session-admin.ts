import { inspect } from 'node:util'
import type { Config } from '../options/resolve.js'
import { decode } from '../record/format.js'
import { StoreFailure } from '../record/store-guard.js'
import type { LegacyStore, SessionStore, StoredSession } from '../stores/contract.js'
import { timeToLive } from '../util/duration.js'
import { SessionError } from '../util/errors.js'
import { parseObject } from '../util/json.js'
import { Session, type SessionOwner } from './session.js'

/**
 * `ctx.sessionStore`: the store as handlers may ask it, by bare ids, for sessions other than their
 * own. It writes without a look at what is there: for the request's own session use `ctx.session`.
 */
export class SessionView {
  /** The store that was configured. */
  readonly client: SessionStore | LegacyStore
  readonly #config: Config

  constructor(config: Config) {
    this.client = config.source
    this.#config = config
  }

  /** The client may hold a password. */
  [inspect.custom](): string {
    return 'SessionView {}'
  }

  /** The session of an id, as a plain object with `cookie` inside, or undefined. */
  async get(sid: string): Promise<StoredSession | undefined> {
    return parseObject((await unwrap(this.#config.writer.read(sid)))?.value)
  }

  /** Stores a session under an id; it lives as long as its cookie or the options say. */
  async set(sid: string, session: StoredSession): Promise<void> {
    const { writer, template, ttl, now } = this.#config
    const record = decode(JSON.stringify(session))
    if (!record)
      throw new SessionError('ERR_SESSION_VALUE', 'sessionStore.set takes an object as the session')
    const whole = new Session(DETACHED, template, record.data, record.cookie)
    await unwrap(
      writer.overwrite(
        sid,
        Session.encode(whole, record),
        now() + timeToLive(whole, whole.cookie, ttl, now()),
      ),
    )
  }

  /** Ends the session of an id, whoever is using it. False: there was none. */
  async destroy(sid: string): Promise<boolean> {
    const { writer } = this.#config
    const held = await unwrap(writer.read(sid))
    return held !== undefined && unwrap(writer.end(held))
  }
}

const none = () =>
  Promise.reject(new SessionError('ERR_SESSION_VALUE', 'This session belongs to no request'))
const DETACHED: SessionOwner = {
  isNew: () => true,
  save: none,
  regenerate: none,
  destroy: none,
  touch: () => undefined,
  update: none,
}

function unwrap<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((failure) => {
    throw failure instanceof StoreFailure ? failure.error : failure
  })
}
