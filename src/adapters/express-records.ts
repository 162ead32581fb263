import { isDeepStrictEqual } from 'node:util'
import { joinFields, splitFields } from '../record/fields.js'
import { merge, storedSide } from '../record/merge.js'
import { tombstone, tombstoneUntil } from '../record/tombstone.js'
import type { SessionStore } from '../stores/contract.js'
import { tooManyConflicts } from '../util/errors.js'
import { parseObject } from '../util/json.js'
import { RecentCache } from '../util/recent-cache.js'

/** How long the id of an ended session is barred, in ms: as long as the middleware does. */
const LULL = 10_000
/** Every lost round means that somebody else got through. */
const MOST_ROUNDS = 32
/** Records kept to compare with, for sessions that are copied after they were read. */
const MOST_RECENT = 1000

/** What the store held when a session was read or written, and what the session itself was then. */
interface Known {
  /** undefined: nothing any more. */
  raw: string | undefined
  /** undefined: somebody copied the session, so nobody knows what it began with. */
  base: string | undefined
}

/**
 * Sessions of express-session in a store with compare-and-set. A session that was read is replaced and
 * never created, so that it cannot come back from the dead. What was written meanwhile is merged where
 * it is known what the session began with.
 */
export class ExpressRecords {
  readonly #store: SessionStore
  readonly #prefix: string
  readonly #ttl: number
  readonly #known = new WeakMap<object, Known>()
  readonly #recent = new RecentCache(MOST_RECENT)

  constructor(store: SessionStore, prefix: string, ttl: number) {
    this.#store = store
    this.#prefix = prefix
    this.#ttl = ttl
  }

  async read<S extends object>(sid: string): Promise<S | null> {
    const raw = await this.#store.load(this.#prefix + sid)
    const session = parse<S>(raw)
    if (raw !== undefined && session) this.#remember(sid, session, { raw, base: raw })
    return session
  }

  /** Says that a session was made of what `read` gave. */
  follow(data: object, session: object): void {
    const known = this.#known.get(data)
    if (known) this.#known.set(session, known)
  }

  /** @throws {SessionError} ERR_SESSION_CONFLICT when others were faster, every time. */
  async write(sid: string, session: object): Promise<void> {
    const mine = JSON.stringify(session)
    const key = this.#prefix + sid
    const deadline = this.#deadline(session)
    const known =
      this.#known.get(session) ?? this.#lately(sid) ?? (await this.#add(key, mine, deadline))
    if (known === 'added') return this.#remember(sid, session, { raw: mine, base: mine })
    let current: string | undefined = known.raw
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (current === undefined || tombstoneUntil(current) !== undefined) return
      const raw = merged(known.base, current, mine)
      // What others wrote may have brought another lifetime.
      const end = raw === mine ? deadline : this.#deadline(JSON.parse(raw))
      const answer = await this.#store.replace(key, current, raw, end)
      if (answer.ok) return this.#remember(sid, session, { raw, base: mine })
      current = answer.current
    }
    throw tooManyConflicts()
  }

  async touch(sid: string, session: object): Promise<void> {
    await this.#store.touch(this.#prefix + sid, this.#deadline(session))
  }

  /** What stays for a moment bars the id: no late request, here or elsewhere, can write under it. */
  async end(sid: string): Promise<void> {
    const key = this.#prefix + sid
    let current = await this.#store.load(key)
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (current === undefined || tombstoneUntil(current) !== undefined) return
      const until = Date.now() + LULL
      const answer = await this.#store.replace(key, current, tombstone(until), until)
      if (answer.ok) return
      current = answer.current
    }
    await this.#store.destroy(key)
  }

  /** A session that nobody here has read: a new one, or one of another process. */
  async #add(key: string, mine: string, deadline: number): Promise<Known | 'added'> {
    if (await this.#store.create(key, mine, deadline)) return 'added'
    return { raw: await this.#store.load(key), base: undefined }
  }

  #remember(sid: string, session: object, known: Known & { raw: string }): void {
    this.#known.set(session, known)
    this.#recent.set(sid, known.raw)
  }

  #lately(sid: string): Known | undefined {
    const raw = this.#recent.get(sid)
    return raw === undefined ? undefined : { raw, base: undefined }
  }

  #deadline(session: object): number {
    const { expires } = Object(Reflect.get(session, 'cookie'))
    const end = expires ? new Date(expires).getTime() : Number.NaN
    return Number.isNaN(end) ? Date.now() + this.#ttl : end
  }
}

/** What to write, so that it also holds what another request wrote since the session was read. */
function merged(base: string | undefined, current: string, mine: string): string {
  if (base === undefined || base === current) return mine
  const texts = [base, current, mine]
  if (texts.some((text) => parseObject(text) === undefined)) return mine
  const [was, theirs, next] = texts.map((text) => storedSide(splitFields(text)))
  if (!was || !theirs || !next) return mine
  // Every request moves the end of the cookie, so that alone is not a change of it.
  const [before, other, own] = [was, theirs, next].map((side) => side.value('cookie'))
  const cookie = theirs.fields.get('cookie')
  if (isAlike(before, own) && !isAlike(before, other) && cookie !== undefined)
    next.fields.set('cookie', cookie)
  for (const { key, value } of merge(was, theirs, next, 'mine')) {
    if (value === undefined) next.fields.delete(key)
    else next.fields.set(key, JSON.stringify(value))
  }
  return joinFields(next.fields)
}

/** Drift of a lifetime, in ms: express-session loses one now and then as it computes it anew. */
const DRIFT = 1000

/** Whether two cookies are the same but for the moment at which they end. */
function isAlike(one: unknown, other: unknown): boolean {
  const [a, b] = [one, other].map((cookie) => ({ ...Object(cookie), expires: undefined }))
  const isNear = Math.abs(a.originalMaxAge - b.originalMaxAge) < DRIFT
  if (isNear) a.originalMaxAge = b.originalMaxAge
  return isDeepStrictEqual(a, b)
}

function parse<S extends object>(raw: string | undefined): S | null {
  try {
    const session = JSON.parse(raw ?? 'null')
    return typeof session === 'object' ? session : null
  } catch {
    return null
  }
}
