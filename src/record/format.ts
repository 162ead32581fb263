import type { StoredSession } from '../stores/contract.js'
import { SessionError } from '../util/errors.js'
import { isObject } from '../util/shape.js'

/** What koa-session adds to a record and reads back: how long it lives, or that it ends with the browser. */
export type Peer = { expire: number; maxAge: number } | 'session'

/** A record taken apart: the user's keys, the cookie attributes beside them, and a peer's additions. */
export interface Decoded {
  data: StoredSession
  cookie: unknown
  peer: Peer | undefined
  /** When it was going to end as it was written, in epoch ms; with the option `renew` records tell. */
  until: number | undefined
}

/**
 * A record's parts; undefined for whatever is not a record: malformed JSON, a list, a scalar, a
 * tombstone. `tail`: how records end whose cookie says nothing; it is not parsed.
 */
export function decode(value: string, tail = ''): Decoded | undefined {
  let data: unknown
  try {
    data = JSON.parse(withoutTail(value, tail) ?? value)
  } catch {
    return undefined
  }
  if (!isObject(data)) return undefined
  const { cookie } = data
  delete data.cookie
  const until = takeUntil(cookie)
  const peer = takePeer(data, cookie)
  return { data, cookie: peer ? peerCookie(cookie, peer) : cookie, peer, until }
}

// Only what this package writes: anything else before the tail is for JSON.parse to judge.
function withoutTail(value: string, tail: string): string | undefined {
  if (!tail || !value.endsWith(tail)) return undefined
  const head = value.slice(0, -tail.length)
  if (head === '{') return '{}'
  const ours = head.endsWith(',') && head.length > 2 && !head.includes('"cookie"')
  return ours ? `${head.slice(0, -1)}}` : undefined
}

// JSON can spell what is none: 1e309.
export function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value)
}

function takeUntil(cookie: unknown): number | undefined {
  if (!isObject(cookie) || !isFiniteNumber(cookie.until)) return undefined
  const { until } = cookie
  delete cookie.until
  return until
}

const PEER_NAMES = ['_expire', '_maxAge', '_session']

// koa-session's names mean this wherever it wrote, in records of ours too; unless they are marked as data.
function takePeer(data: StoredSession, cookie: unknown): Peer | undefined {
  const { _expire: expire, _maxAge: maxAge, _session: session } = data
  const lasting = isFiniteNumber(expire) && isFiniteNumber(maxAge)
  const marked = isObject(cookie) && cookie.data === true
  if (marked || (!lasting && session !== true)) return undefined
  for (const name of PEER_NAMES) delete data[name]
  return lasting ? { expire, maxAge } : 'session'
}

// The lifetime stands in its names as well, and there it is the one that both packages keep current.
function peerCookie(cookie: unknown, peer: Peer): object {
  const known = isObject(cookie) ? cookie : {}
  const own = Array.isArray(known.own) ? known.own : []
  return {
    ...known,
    maxAge: peer === 'session' ? null : peer.maxAge,
    own: [...new Set([...own, 'maxAge'])],
  }
}

/**
 * A record as one JSON object: the user's keys at the top level, `cookie` (JSON already) last.
 * @throws {SessionError} ERR_SESSION_DATA when the data has no JSON: a cycle, a BigInt, endless nesting.
 */
export function encode(
  data: object,
  cookie: string,
  { peer, until }: Partial<Pick<Decoded, 'peer' | 'until'>> = {},
): string {
  let body: string
  try {
    body = JSON.stringify(data)
    if (!body?.startsWith('{')) throw new TypeError('toJSON made something else of the session')
  } catch (cause) {
    throw new SessionError(
      'ERR_SESSION_DATA',
      'The session holds something that JSON cannot write: keep plain data in it, without cycles or BigInts',
      { cause },
    )
  }
  const head = body === '{}' ? '{' : `${body.slice(0, -1)},`
  const told = until === undefined ? cookie : `${cookie.slice(0, -1)},"until":${until}}`
  if (peer !== undefined) {
    const extra =
      peer === 'session' ? '"_session":true' : `"_expire":${peer.expire},"_maxAge":${peer.maxAge}`
    return `${head}${extra},"cookie":${told}}`
  }
  const marked = PEER_NAMES.some((name) => Object.hasOwn(data, name))
  return `${head}"cookie":${marked ? `${told.slice(0, -1)},"data":true}` : told}}`
}
