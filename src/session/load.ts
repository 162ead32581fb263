import type { Config } from '../options/resolve.js'
import type { Held } from '../record/envelope.js'
import { decode } from '../record/format.js'
import type { Writer } from '../record/repository.js'
import { type Awaitable, andThen } from '../util/async.js'
import type { SessionError } from '../util/errors.js'
import type { Rejection } from '../util/events.js'
import { createdIn } from './session.js'

/** What the store holds for the id that a request presented. */
export type Origin =
  /** No id, an id that no record is known for, or a record that is not valid: a new session may begin. */
  | { kind: 'absent'; why?: Rejection }
  /** The id ended moments ago, or could not be read: nothing may be written, no cookie be sent. */
  | { kind: 'barred'; why?: Rejection; failure?: SessionError }
  /** `extended`: by how many ms the deadline was moved while loading; `moment`: when that was. */
  | { kind: 'found'; held: Held; extended: number | undefined; moment: number }

export const ABSENT: Origin = { kind: 'absent' }

/** Reads the record of an id, in one store call, which also extends it where that can be known. */
export function load(config: Config, id: string): Awaitable<Origin> {
  const { writer, extend } = config
  const touch = extend === undefined ? undefined : writer.now() + extend
  return andThen(writer.find(id, touch), (seen): Awaitable<Origin> => {
    if (seen === undefined) return { kind: 'absent', why: 'unknown' }
    if ('unreadable' in seen) return { kind: 'absent', why: 'decrypt' }
    if ('until' in seen) return barred(writer, seen, touch)
    const { held } = seen
    if (isOver(held.value, config)) return expired(writer, held)
    const moment = extend === undefined ? -1 : writer.moment()
    // What has to move, or to be sealed, is not done with a deadline.
    const extended = writer.vault.isCurrent(held) ? extend : undefined
    return { kind: 'found', held, extended, moment }
  })
}

async function barred(
  { gate, store, now }: Writer,
  { key, until }: { key: string; until: number },
  touch: number | undefined,
): Promise<Origin> {
  // The read has just moved the deadline of a tombstone too: put it back, or the id stays barred for long.
  if (touch !== undefined) await gate.ask('get', () => store.touch(key, until))
  return until > now() ? { kind: 'barred', why: 'superseded' } : { kind: 'absent', why: 'unknown' }
}

async function expired(writer: Writer, held: Held): Promise<Origin> {
  // A rolling read has just given it more time.
  await writer.withdraw(held)
  return { kind: 'absent', why: 'expired' }
}

// A record may hold a deadline of its own: the absolute one, koa-session's, or a cookie's that ends at a fixed time.
function isOver(value: string, config: Config): boolean {
  const { template, absoluteTimeout = Number.POSITIVE_INFINITY } = config
  if (value.endsWith(template.tail) && !value.includes('"_expire"')) return false
  if (!['"created"', '"_expire"', '"expires"'].some((name) => value.includes(name))) return false
  const { peer, cookie } = decode(value) ?? {}
  const now = config.now()
  if (typeof peer === 'object' && peer.expire <= now) return true
  const created = createdIn(cookie)
  if (created !== undefined && created + absoluteTimeout <= now) return true
  if (typeof cookie !== 'object' || cookie === null || !('expires' in cookie)) return false
  return typeof cookie.expires === 'string' && Date.parse(cookie.expires) <= now
}
