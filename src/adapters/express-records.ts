import { isDeepStrictEqual } from 'node:util'
import { joinFields, parseField, splitFields } from '../record/fields.js'
import { merge } from '../record/merge.js'
import { replaceByTombstone } from '../record/revoke.js'
import { isTombstone } from '../record/tombstone.js'
import type { SessionStore } from '../stores/contract.js'
import { tooManyConflicts } from '../util/errors.js'
import { parseObject } from '../util/json.js'
import { RecentCache } from '../util/recent-cache.js'

/** How long a tombstone blocks the id of an ended session, in ms; as long as in the Koa middleware. */
const TOMBSTONE_TTL = 10_000
/** Each failed attempt means that another request wrote in between; this limits how many may. */
const MAX_ATTEMPTS = 32
/** How many records are kept for sessions that are copied after they were read. */
const MAX_RECENT = 1000

/** What is known of a session since it was last read or written. */
interface Snapshot {
  /** The stored value; undefined: the record was gone. */
  readonly raw: string | undefined
  /** The session itself as JSON; undefined: not known, as the session object is a copy. */
  readonly base: string | undefined
}

/**
 * Sessions of express-session in a store with compare-and-set. A session that was read is replaced,
 * never created, so a late request cannot restore it after a logout. Changes of other requests are
 * merged if the session's initial state is known.
 */
export class ExpressRecords {
  readonly #store: SessionStore
  readonly #prefix: string
  readonly #ttl: number
  readonly #snapshots = new WeakMap<object, Snapshot>()
  /** The last stored value by session id, for session objects without a snapshot. */
  readonly #recent = new RecentCache(MAX_RECENT)

  constructor(store: SessionStore, prefix: string, ttl: number) {
    this.#store = store
    this.#prefix = prefix
    this.#ttl = ttl
  }

  async read<S extends object>(sid: string): Promise<S | null> {
    const raw = await this.#store.load(this.#prefix + sid)
    const session = parseSession<S>(raw)
    if (raw !== undefined && session) this.#remember(sid, session, raw, raw)
    return session
  }

  /** Gives `session`, which was created from `data`, the snapshot of `data`. */
  link(data: object, session: object): void {
    const snapshot = this.#snapshots.get(data)
    if (snapshot) this.#snapshots.set(session, snapshot)
  }

  /** @throws {SessionError} ERR_SESSION_CONFLICT if other requests write at every attempt. */
  async write(sid: string, session: object): Promise<void> {
    const mine = JSON.stringify(session)
    const key = this.#prefix + sid
    const expiresAt = this.#expiryOf(session)
    const snapshot = this.#snapshots.get(session) ?? this.#recentSnapshot(sid)
    if (!snapshot && (await this.#store.create(key, mine, expiresAt)))
      return this.#remember(sid, session, mine, mine)
    const known = snapshot ?? { raw: await this.#store.load(key), base: undefined }
    let current: string | undefined = known.raw
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (current === undefined || isTombstone(current)) return
      const raw = mergeRecords(known.base, current, mine)
      // A merged session may have the lifetime that another request set.
      const until = raw === mine ? expiresAt : this.#expiryOf(JSON.parse(raw))
      const result = await this.#store.replace(key, current, raw, until)
      if (result.ok) return this.#remember(sid, session, raw, mine)
      current = result.current
    }
    throw tooManyConflicts()
  }

  async touch(sid: string, session: object): Promise<void> {
    await this.#store.touch(this.#prefix + sid, this.#expiryOf(session))
  }

  /** Ends a session. A tombstone stays for a while, so that no late request can write under the id. */
  async end(sid: string): Promise<void> {
    const key = this.#prefix + sid
    const current = await this.#store.load(key)
    if (current === undefined) return
    await replaceByTombstone(this.#store, key, current, { ttl: TOMBSTONE_TTL, now: Date.now })
  }

  #remember(sid: string, session: object, raw: string, base: string): void {
    this.#snapshots.set(session, { raw, base })
    this.#recent.set(sid, raw)
  }

  #recentSnapshot(sid: string): Snapshot | undefined {
    const raw = this.#recent.get(sid)
    return raw === undefined ? undefined : { raw, base: undefined }
  }

  /** In epoch ms. */
  #expiryOf(session: object): number {
    const { expires } = Object(Reflect.get(session, 'cookie'))
    const time = expires ? new Date(expires).getTime() : Number.NaN
    return Number.isNaN(time) ? Date.now() + this.#ttl : time
  }
}

/** The record to write: `mine`, with what other requests changed from `base` to `current`. */
function mergeRecords(base: string | undefined, current: string, mine: string): string {
  if (base === undefined || base === current) return mine
  const texts = [base, current, mine]
  if (texts.some((text) => parseObject(text) === undefined)) return mine
  const [before, theirs, merged] = texts.map(splitFields)
  if (!before || !theirs || !merged) return mine
  // Every request sets a new expiry on its cookie, so the expiry alone does not count as a change.
  const [was, other, own] = [before, theirs, merged].map((fields) =>
    parseField(fields.get('cookie')),
  )
  const cookie = theirs.get('cookie')
  if (isSameCookie(was, own) && !isSameCookie(was, other) && cookie !== undefined)
    merged.set('cookie', cookie)
  for (const { key, text } of merge(before, theirs, merged, 'mine')) {
    if (text === undefined) merged.delete(key)
    else merged.set(key, text)
  }
  return joinFields(merged)
}

/** Smaller differences of a lifetime are ignored, in ms: rounding in express-session may change it. */
const LIFETIME_TOLERANCE = 1000

/** Whether two cookies differ in nothing but their expiry. */
function isSameCookie(one: unknown, other: unknown): boolean {
  const [a, b] = [one, other].map((cookie) => ({ ...Object(cookie), expires: undefined }))
  if (Math.abs(a.originalMaxAge - b.originalMaxAge) < LIFETIME_TOLERANCE)
    a.originalMaxAge = b.originalMaxAge
  return isDeepStrictEqual(a, b)
}

function parseSession<S extends object>(raw: string | undefined): S | null {
  return (parseObject(raw) as S | undefined) ?? null
}
