import type { SessionCookie } from '../cookie/attributes.js'
import type { CookiePolicy } from '../cookie/policy.js'
import type { StoredSession } from '../stores/contract.js'
import { SessionError } from '../util/errors.js'
import { isObject } from '../util/shape.js'
import { type Fields, joinFields, splitFields } from './fields.js'
import {
  createdIn,
  decodeCookie,
  encodeCookie,
  isFiniteNumber,
  lifetimeOfOthers,
  usesDefaults,
  withCreated,
} from './stored-cookie.js'

/** The lifetime that koa-session keeps in a record: epoch ms and ms, or the browser's session. */
export type Peer = { expire: number; maxAge: number } | 'session'

/** What a record holds about its own end. */
export interface RecordEnd {
  /** As koa-session wrote it, and as it is kept current for koa-session. */
  peer?: Peer | undefined
  /** When the session was going to end as it was written, in epoch ms; with the option `renew`. */
  until?: number | undefined
}

/** A record taken apart: the user's keys, the stored cookie, and what it holds about its end. */
export interface RecordContent extends RecordEnd {
  data: StoredSession
  cookie: unknown
}

const LASTING_KEYS = ['_expire', '_maxAge']
const SESSION_KEYS = ['_session']
/** The names under which koa-session keeps a lifetime. A cookie with `data: true` marks them as data. */
export const PEER_KEYS: readonly string[] = [...LASTING_KEYS, ...SESSION_KEYS]
const EMPTY_START = '{"cookie":'

/** How sessions are spelled as records: JSON, the user's keys at the top level and `cookie` last. */
export class RecordFormat {
  /** The stored cookie of a session that altered nothing. */
  readonly defaultCookie: string
  readonly #defaultSuffix: string

  constructor(readonly policy: CookiePolicy) {
    this.defaultCookie = encodeCookie(policy.defaults, policy.defaults)
    this.#defaultSuffix = `"cookie":${this.defaultCookie}}`
  }

  /** The parts of a record; undefined for any other value. The default cookie is not parsed. */
  parse(value: string): RecordContent | undefined {
    return parseRecord(this.#withoutDefaultCookie(value) ?? value)
  }

  /** Whether a record ends with the default cookie, and so was spelled by this package. */
  hasDefaultCookie(value: string): boolean {
    return value.endsWith(this.#defaultSuffix)
  }

  /** `stored`: the cookie that it was decoded from. */
  encodeCookie(cookie: SessionCookie, stored: unknown): string {
    const { policy } = this
    return encodeCookie(policy.complete(cookie), policy.defaults, lifetimeOfOthers(stored))
  }

  decodeCookie(stored: unknown): SessionCookie {
    return decodeCookie(stored, this.policy)
  }

  /** The fields of a record as a session of it would write them, without what it holds about its end. */
  fieldsOf(value: string, { cookie, peer }: RecordContent): Fields {
    const fields = splitFields(value)
    for (const key of keysOf(peer)) fields.delete(key)
    const attributes = usesDefaults(cookie)
      ? this.defaultCookie
      : this.encodeCookie(this.decodeCookie(cookie), cookie)
    // Last, as a session is written.
    fields.delete('cookie')
    fields.set('cookie', withCreated(attributes, createdIn(cookie)))
    return fields
  }

  /** Only what this package writes is cut; JSON.parse judges anything else in front of the cookie. */
  #withoutDefaultCookie(value: string): string | undefined {
    if (!this.hasDefaultCookie(value)) return undefined
    const head = value.slice(0, -this.#defaultSuffix.length)
    if (head === '{') return '{}'
    const isOurs = head.endsWith(',') && head.length > 2 && !head.includes('"cookie"')
    return isOurs ? `${head.slice(0, -1)}}` : undefined
  }
}

/** The parts of a record; undefined for malformed JSON, a list, a scalar or a tombstone. */
export function parseRecord(value: string): RecordContent | undefined {
  let data: unknown
  try {
    data = JSON.parse(value)
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

/**
 * A record as one JSON object. `cookie` is the stored cookie as JSON.
 * @throws {SessionError} ERR_SESSION_DATA when JSON cannot write the data: a cycle, a BigInt, endless nesting.
 * ERR_SESSION_COOKIE when they have a key `cookie`.
 */
export function encodeRecord(data: object, cookie: string, end: RecordEnd = {}): string {
  if (Object.hasOwn(data, 'cookie')) throw reservedKey()
  const isMarked = PEER_KEYS.some((key) => Object.hasOwn(data, key))
  return assemble(encodeData(data), cookie, end, isMarked)
}

/** A record of fields as `RecordFormat.fieldsOf` returns them. */
export function encodeFields(fields: Fields, end: RecordEnd): string {
  const data = new Map(fields)
  data.delete('cookie')
  const isMarked = PEER_KEYS.some((key) => data.has(key))
  return assemble(joinFields(data), fields.get('cookie') ?? '{}', end, isMarked)
}

/**
 * `isMarked`: a user's key has a name of koa-session's, and must not be taken for its lifetime. Then
 * the record cannot hold koa-session's lifetime as well.
 */
function assemble(body: string, cookie: string, { peer, until }: RecordEnd, isMarked: boolean) {
  const head = body === '{}' ? '{' : `${body.slice(0, -1)},`
  const timed = until === undefined ? cookie : appended(cookie, `"until":${until}`)
  if (peer !== undefined && !isMarked) {
    const lifetime =
      peer === 'session' ? '"_session":true' : `"_expire":${peer.expire},"_maxAge":${peer.maxAge}`
    return `${head}${lifetime},"cookie":${timed}}`
  }
  return `${head}"cookie":${isMarked ? appended(timed, '"data":true') : timed}}`
}

/**
 * The fields of a session, as `RecordFormat.fieldsOf` gives those of its record.
 * @throws {SessionError} ERR_SESSION_DATA
 */
export function fieldsOfData(data: object, cookie: string): Fields {
  return splitFields(encodeData(data)).set('cookie', cookie)
}

/** Whether an encoded session holds no key of the user. */
export function isEmptyRecord(value: string): boolean {
  return value.startsWith(EMPTY_START)
}

export function encodeData(data: object): string {
  try {
    const body = stringify(data)
    if (!body?.startsWith('{')) throw new TypeError('toJSON returned something else than an object')
    return body
  } catch (cause) {
    throw new SessionError(
      'ERR_SESSION_DATA',
      'The session holds something that JSON cannot write: keep plain data in it, without cycles or BigInts',
      { cause },
    )
  }
}

function reservedKey(): SessionError {
  return new SessionError(
    'ERR_SESSION_COOKIE',
    'cookie is the name of the cookie of a session: keep data under another key',
  )
}

/** Whether JSON can write the data of a record. */
export function isEncodable(data: object): boolean {
  try {
    return stringify(data) !== undefined
  } catch {
    return false
  }
}

/**
 * JSON of deep data exhausts the stack, but on Node 26 not for a plain object that no key was deleted
 * of. So a copy is tried as well: otherwise a session could be read, and not be written.
 */
function stringify(data: object): string | undefined {
  try {
    return JSON.stringify(data)
  } catch (error) {
    if (error instanceof RangeError) return JSON.stringify({ ...data })
    throw error
  }
}

function appended(object: string, field: string): string {
  return `${object.slice(0, -1)},${field}}`
}

function takeUntil(cookie: unknown): number | undefined {
  if (!isObject(cookie) || !isFiniteNumber(cookie.until)) return undefined
  const { until } = cookie
  delete cookie.until
  return until
}

/** koa-session's keys are its lifetime, unless they are data. koa-session never writes all three. */
function takePeer(data: StoredSession, cookie: unknown): Peer | undefined {
  if (isObject(cookie) && (cookie.data === true || isOfOthers(cookie))) return undefined
  const peer = peerIn(data)
  for (const key of keysOf(peer)) delete data[key]
  return peer
}

function peerIn(data: StoredSession): Peer | undefined {
  const { _expire: expire, _maxAge: maxAge, _session: session } = data
  if (session === true) return 'session'
  return isFiniteNumber(expire) && isFiniteNumber(maxAge) ? { expire, maxAge } : undefined
}

/** The keys that say a lifetime; other keys of these names are data. */
function keysOf(peer: Peer | undefined): readonly string[] {
  if (peer === undefined) return []
  return peer === 'session' ? SESSION_KEYS : LASTING_KEYS
}

/** Whether express-session, koa-sess 0.4 or koa-generic-session wrote a cookie: koa-session writes none. */
function isOfOthers(cookie: Record<string, unknown>): boolean {
  if ('originalMaxAge' in cookie) return true
  const { path, httpOnly } = cookie
  return !('own' in cookie) && typeof path === 'string' && typeof httpOnly === 'boolean'
}

/** The lifetime in koa-session's keys wins: both packages keep that one current. */
function peerCookie(cookie: unknown, peer: Peer): object {
  const known = isObject(cookie) ? cookie : {}
  const own = Array.isArray(known.own) ? known.own : []
  return {
    ...known,
    maxAge: peer === 'session' ? null : peer.maxAge,
    own: [...new Set([...own, 'maxAge'])],
  }
}
