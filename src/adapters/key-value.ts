import type { LegacyStore } from '../stores/contract.js'
import { SessionError } from '../util/errors.js'
import { hasMethods } from '../util/shape.js'
import { redactErrors } from './redact.js'

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
 * Stores sessions in a Keyv. It needs `throwOnErrors: true`: otherwise a failing backend looks as if no
 * session existed. A Keyv has no compare-and-set; docs/adapters.md describes the consequences.
 * @throws {SessionError} ERR_SESSION_CLIENT if it is not a Keyv 5, or does not throw errors.
 * @since 1.0.0
 * @example session({ store: fromKeyv(new Keyv({ throwOnErrors: true })) })
 */
export function fromKeyv(keyv: KeyvLike): LegacyStore {
  assertKeyv(keyv)
  const rethrow = rethrowErrorEvents(keyv)
  return textStore({
    read: (key) => rethrow(() => keyv.get(key)),
    async write(key, value, ttl) {
      if ((await rethrow(() => keyv.set(key, value, ttl))) === false)
        throw new Error('Keyv did not set the value, and reported no error')
    },
    remove: (key) => rethrow(() => keyv.delete(key)),
  })
}

/** Some storage adapters of Keyv return nothing on failure, and report the error only as an event. */
function rethrowErrorEvents(keyv: KeyvLike) {
  let count = 0
  let lastError: unknown
  keyv.on('error', (error) => {
    count++
    lastError = error
  })
  return async (call: () => Promise<unknown>): Promise<unknown> => {
    const countBefore = count
    const result = await call()
    if (!result && count !== countBefore) throw lastError
    return result
  }
}

/**
 * Stores sessions in an unstorage, with any driver that can write. If the driver ignores `ttl`, expired
 * sessions are not returned, but stay stored until they are removed by other means.
 * An unstorage has no compare-and-set; docs/adapters.md describes the consequences.
 * @throws {SessionError} ERR_SESSION_CLIENT if it is not a storage of unstorage.
 * @since 1.0.0
 * @example session({ store: fromUnstorage(createStorage()) })
 */
export function fromUnstorage(storage: UnstorageLike): LegacyStore {
  if (!hasMethods(storage, 'getItem', 'setItem', 'removeItem'))
    throw new SessionError(
      'ERR_SESSION_CLIENT',
      'fromUnstorage takes what createStorage of unstorage returns. Pass the storage, not a driver.',
    )
  const read = async (key: string) => {
    const value = await storage.getItem(key)
    // The file drivers return an error instead of throwing it.
    if (value instanceof Error) throw value
    return value
  }
  return textStore({
    read: (key) => read(escapeKey(key)),
    async write(key, value, ttl) {
      const seconds = Math.ceil(ttl / 1000)
      await storage.setItem(escapeKey(key), value, { ttl: seconds })
    },
    async remove(key) {
      await storage.removeItem(escapeKey(key))
      // Drivers hide a failed removal, and a session would survive its logout.
      if ((await read(escapeKey(key))) != null)
        throw new Error('The driver did not remove the session')
    },
  })
}

/** The operations of a key-value library. `ttl` in ms. */
interface KeyValue {
  read(key: string): Promise<unknown>
  write(key: string, value: string, ttl: number): Promise<unknown>
  remove(key: string): Promise<unknown>
}

/**
 * A store of values `<deadline in epoch ms>:<JSON>`. As that is not JSON itself, no library parses it.
 * The deadline expires the session even if the library does not.
 */
function textStore({ read, write, remove }: KeyValue): LegacyStore {
  return {
    get: async (sid) => unwrap(await redactErrors(sid, () => read(sid))),
    set: (sid, session, ttl) =>
      redactErrors(sid, () =>
        write(sid, `${Math.ceil(Date.now() + ttl)}:${JSON.stringify(session)}`, Math.ceil(ttl)),
      ),
    destroy: (sid) => redactErrors(sid, () => remove(sid)),
  }
}

/** The JSON in a value, unless it expired. Values that other programs wrote are returned unchanged. */
function unwrap(value: unknown): unknown {
  const [, deadline, json] = (typeof value === 'string' && /^(\d+):(.*)$/s.exec(value)) || []
  if (deadline === undefined) return value
  return Number(deadline) > Date.now() ? json : undefined
}

/** A key that unstorage does not change: it cuts keys at a question mark, and drops empty segments. */
function escapeKey(key: string): string {
  return key
    .split(':')
    .map((segment) => encodeURIComponent(segment) || '%')
    .join(':')
}

function assertKeyv(keyv: KeyvLike): void {
  if (!hasMethods(keyv, 'get', 'set', 'delete', 'on'))
    throw new SessionError('ERR_SESSION_CLIENT', 'fromKeyv takes an instance of Keyv 5.')
  const options: unknown = Reflect.get(keyv, 'opts')
  const emitsErrors = Object(options).emitErrors !== false
  if (keyv.throwOnErrors === true && emitsErrors) return
  throw new SessionError(
    'ERR_SESSION_CLIENT',
    'This Keyv hides errors, so a failing backend would log all users out. Create it with new Keyv({ store, throwOnErrors: true }), and leave emitErrors on.',
  )
}
