import type { LegacyStore } from '../stores/contract.js'
import { SessionError } from '../util/errors.js'
import { discreetly } from './discreet.js'

/** An instance of Keyv 5, as far as it is used. */
export interface KeyvLike {
  get(key: string): Promise<unknown>
  set(key: string, value: string, ttl: number): Promise<unknown>
  delete(key: string): Promise<unknown>
  on(event: 'error', listener: (error: unknown) => void): unknown
  readonly throwOnErrors: boolean
}

/** A storage of unstorage (`createStorage`), as far as it is used. */
export interface UnstorageLike {
  getItem(key: string): Promise<unknown>
  setItem(key: string, value: string, options: { ttl: number }): Promise<unknown>
  removeItem(key: string): Promise<unknown>
}

/**
 * Sessions in a Keyv, which needs `throwOnErrors: true`: without it a Keyv answers a failure as if the
 * session were not there. It has no compare-and-set: docs/adapters.md says what that costs.
 * @throws {SessionError} ERR_SESSION_CLIENT when it is no Keyv 5, or one that swallows errors.
 */
export function fromKeyv(keyv: KeyvLike): LegacyStore {
  assertKeyv(keyv)
  let failures = 0
  let last: unknown
  keyv.on('error', (error) => {
    failures++
    last = error
  })
  /** Some adapters answer a failure with nothing, and tell of it in an event alone. */
  const told = async (call: () => Promise<unknown>): Promise<unknown> => {
    const before = failures
    const answer = await call()
    if (!answer && failures !== before) throw last
    return answer
  }
  return textStore({
    read: (key) => told(() => keyv.get(key)),
    async write(key, value, ttl) {
      if ((await told(() => keyv.set(key, value, ttl))) === false)
        throw new Error('Keyv did not set the value, and did not say why')
    },
    remove: (key) => told(() => keyv.delete(key)),
  })
}

/**
 * Sessions in an unstorage, on any of its drivers that can write. Where a driver knows no lifetimes,
 * expired sessions are not read, but they stay until something removes them. It has no
 * compare-and-set: docs/adapters.md says what that costs.
 * @throws {SessionError} ERR_SESSION_CLIENT when it is no storage of unstorage.
 */
export function fromUnstorage(storage: UnstorageLike): LegacyStore {
  if (!has(storage, ['getItem', 'setItem', 'removeItem']))
    throw new SessionError(
      'ERR_SESSION_CLIENT',
      'fromUnstorage takes what createStorage of unstorage returns: pass the storage, not a driver',
    )
  // The file drivers return an error where they should throw it.
  const read = async (key: string) => {
    const value = await storage.getItem(key)
    if (value instanceof Error) throw value
    return value
  }
  return textStore({
    read: (key) => read(plain(key)),
    // Drivers count in seconds.
    write: (key, value, ttl) => storage.setItem(plain(key), value, { ttl: Math.ceil(ttl / 1000) }),
    async remove(key) {
      await storage.removeItem(plain(key))
      // They swallow a removal that failed: the session of somebody who logged out would live on.
      if ((await read(plain(key))) != null) throw new Error('The driver did not remove the session')
    },
  })
}

/** The three things that a key-value library does. `ttl` in ms. */
interface KeyValue {
  read(key: string): Promise<unknown>
  write(key: string, value: string, ttl: number): Promise<unknown>
  remove(key: string): Promise<unknown>
}

/**
 * The session as JSON behind its deadline in epoch ms and a colon: text that no serialiser takes for
 * something else, and a deadline that holds whatever becomes of the library's own.
 */
function textStore({ read, write, remove }: KeyValue): LegacyStore {
  return {
    get: async (sid) => live(await discreetly(sid, () => read(sid))),
    set: (sid, session, ttl) =>
      discreetly(sid, () =>
        write(sid, `${Math.ceil(Date.now() + ttl)}:${JSON.stringify(session)}`, Math.ceil(ttl)),
      ),
    destroy: (sid) => discreetly(sid, () => remove(sid)),
  }
}

/** What is live of it; what somebody else wrote is given as it is. */
function live(value: unknown): unknown {
  const [, until, text] = (typeof value === 'string' && /^(\d+):(.*)$/s.exec(value)) || []
  if (until === undefined) return value
  return Number(until) > Date.now() ? text : undefined
}

/** A key that unstorage leaves as it is: it cuts at a question mark and drops empty segments. */
function plain(key: string): string {
  return key
    .split(':')
    .map((segment) => encodeURIComponent(segment) || '%')
    .join(':')
}

function assertKeyv(keyv: KeyvLike): void {
  if (!has(keyv, ['get', 'set', 'delete', 'on']))
    throw new SessionError('ERR_SESSION_CLIENT', 'fromKeyv takes an instance of Keyv 5')
  const options: unknown = Reflect.get(keyv, 'opts')
  const silent = Object(options).emitErrors === false
  if (keyv.throwOnErrors === true && !silent) return
  throw new SessionError(
    'ERR_SESSION_CLIENT',
    'This Keyv swallows errors, so that a failing backend would log everybody out: make it with new Keyv({ store, throwOnErrors: true }), and leave emitErrors on',
  )
}

function has(client: unknown, methods: string[]): boolean {
  return methods.every((name) => typeof Reflect.get(Object(client), name) === 'function')
}
