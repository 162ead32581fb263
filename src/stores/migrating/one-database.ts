import { randomBytes } from 'node:crypto'
import type { SessionStore } from '../contract.js'

/** How long a probe that could not be deleted stays, in ms. */
const PROBE_TTL = 60_000
/** Leaves room for the suffix: keys have up to 300 characters. */
const MAX_KEY = 250

/**
 * Whether two stores are one database under the same keys. To move a session would then write over it.
 * Writes a record of its own to one store, and looks for it in the other.
 * @param key A key of the application, as its user may have rights to keys that begin so alone.
 */
export async function isOneDatabase(
  from: SessionStore,
  to: SessionStore,
  key: string,
  now: () => number,
): Promise<boolean> {
  const nonce = randomBytes(12).toString('hex')
  const probe = `${key.slice(0, MAX_KEY)}:probe:${nonce}`
  const value = JSON.stringify({ probe: nonce, cookie: { own: [] } })
  await to.create(probe, value, now() + PROBE_TTL)
  const found = await from.load(probe)
  await to.destroy(probe)
  return found === value
}

/** Takes the place of `from` once it is known to be the database of `to`. */
export const EMPTY_STORE: SessionStore = {
  load: () => undefined,
  create: () => false,
  replace: () => ({ ok: false, current: undefined }),
  touch: () => false,
  destroy: () => false,
}

export function warnOfOneDatabase(): void {
  process.emitWarning(
    'migrating: from and to are one database, with the same keys. There is nothing to move, so to is used alone. Pass session() that store, without migrating.',
    { code: 'KOA_SESS_ONE_DATABASE' },
  )
}
