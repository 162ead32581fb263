import { isObject } from '../util/shape.js'

/** One session in the list of its user. */
export interface ListEntry {
  /** The key of its record, without the prefix. */
  readonly key: string
  /** When the user logged in, in epoch ms. */
  readonly createdAt: number
  /** When it was listed for a login, or extended last as far as the list knows, in epoch ms. */
  readonly seenAt: number
  /** What the option `describe` returned at the login. */
  readonly info?: unknown
  /** The key of the session that was replaced by this one. */
  readonly from?: string
}

/** The sessions of one user, as one record holds them. */
export interface UserList {
  /** How often all sessions were ended: a login that began at another number is refused. */
  readonly epoch: number
  /** When the store may delete the list, in epoch ms. */
  readonly until: number
  /** From this many entries on, a login looks which of them have ended. */
  readonly checkAt: number
  /** Every session that a browser can use, the oldest login first. */
  readonly live: readonly ListEntry[]
  /** Sessions that are being ended. The next change of the list ends those that a crash left. */
  readonly ending: readonly ListEntry[]
}

const MIN_CHECK = 16

export const EMPTY_LIST: UserList = { epoch: 0, until: 0, checkAt: MIN_CHECK, live: [], ending: [] }

/** The list that a record holds. A record that is not a list counts as an empty one. */
export function parseList(value: unknown): UserList {
  if (!isObject(value)) return EMPTY_LIST
  return {
    epoch: wholeOr(0, value.epoch),
    until: wholeOr(0, value.until),
    checkAt: wholeOr(MIN_CHECK, value.checkAt),
    live: entriesOf(value.live),
    ending: entriesOf(value.ending),
  }
}

/** A number, rounded up: stores refuse a deadline with a fraction, or one that no integer holds. */
function wholeOr(other: number, given: unknown): number {
  const whole = typeof given === 'number' ? Math.ceil(given) : Number.NaN
  return Number.isSafeInteger(whole) ? whole : other
}

function entriesOf(value: unknown): ListEntry[] {
  return Array.isArray(value) ? value.filter(isEntry) : []
}

function isEntry(value: unknown): value is ListEntry {
  return isObject(value) && typeof value.key === 'string' && Number.isFinite(value.seenAt)
}

/** A session that is to be listed. */
export interface Listing {
  key: string
  /** The session of the same user whose place it takes. */
  old?: string | undefined
  /** The session whose place it takes, of the same user or not. */
  from?: string | undefined
  now: number
  /** When its record ends, in epoch ms. */
  expiresAt: number
  info: unknown
  /** The user logs in with it. False: it is the user's already, and only missing in the list. */
  isLogin: boolean
  /** The epoch at which the login began. */
  checkpoint?: number | undefined
}

/** A listed session is listed again once this part of its lifetime has passed: that renews the list. */
export const RENEW_PART = 1 / 8

/** Whether a session that is the user's already is listed, and the list need not be renewed. */
export function isListed(list: UserList, { key, now, expiresAt }: Listing): boolean {
  const entry = list.live.find((each) => each.key === key)
  return entry !== undefined && now - entry.seenAt < RENEW_PART * (expiresAt - now)
}

export interface Limit {
  max: number
  refuses: boolean
}

export type Refusal = 'limit' | 'revoked'

/**
 * What became of a listing. `check`: it has to be known first which of the entries have ended. `gone`:
 * another request has replaced the session whose place this one takes, so that this one ends as well.
 */
export type Verdict = { list: UserList; ended: number } | Refusal | 'check' | 'gone'

/**
 * Lists a session. `dead` holds the keys of entries whose sessions have ended; undefined: that is not
 * known yet. A session that only was missing meets no limit: its browser uses it already.
 */
export function enlist(
  before: UserList,
  listing: Listing,
  limit: Limit | undefined,
  dead: ReadonlySet<string> | undefined,
): Verdict {
  const { key, old, from, checkpoint } = listing
  if (checkpoint !== undefined && checkpoint !== before.epoch) return 'revoked'
  const list = dead ? withoutDead(before, dead) : before
  const others = list.live.filter((entry) => entry.key !== key)
  const counted = others.filter((entry) => entry.key !== old && entry.key !== from)
  const excess = limit && listing.isLogin ? counted.length + 1 - limit.max : 0
  if (!dead && (excess > 0 || others.length >= list.checkAt)) return 'check'
  if (dead && excess > 0 && isReplaced(listing, counted, dead)) return 'gone'
  if (excess > 0 && limit?.refuses) return 'limit'
  const evicted = new Set(excess > 0 ? counted.slice(0, excess) : [])
  return { list: placed(list, listing, evicted), ended: evicted.size }
}

/** How long a login may be under way between its listing and the end of the old session, in ms. */
const UNDER_WAY_MS = 10_000

/**
 * A login that cannot last must not end another session, least of all the login that came before it. One
 * that was listed long ago and did not end the old session has failed.
 */
function isReplaced(
  { from, now }: Listing,
  others: readonly ListEntry[],
  dead: ReadonlySet<string>,
): boolean {
  if (from === undefined) return false
  const isUnderWay = ({ seenAt }: ListEntry) => now - seenAt < UNDER_WAY_MS
  return dead.has(from) || others.some((entry) => entry.from === from && isUnderWay(entry))
}

function placed(list: UserList, listing: Listing, evicted: ReadonlySet<ListEntry>): UserList {
  const { key, old, from, now, expiresAt, info, isLogin } = listing
  const known = list.live.find((entry) => entry.key === key)
  const previous = list.live.find((entry) => entry.key === old) ?? (isLogin ? undefined : known)
  const shown = isLogin ? info : (previous?.info ?? info)
  const entry: ListEntry = {
    key,
    createdAt: previous?.createdAt ?? now,
    seenAt: now,
    ...(shown !== undefined && { info: shown }),
    ...(from !== undefined && { from }),
  }
  // The old entry stays until its session has ended.
  const live = list.live.filter((each) => each.key !== key && !evicted.has(each))
  const after = live.findIndex((each) => each.createdAt > entry.createdAt)
  live.splice(after < 0 ? live.length : after, 0, entry)
  return {
    ...list,
    // Twice as long as the session: it outlives every session that is extended before it is renewed.
    until: Math.max(list.until, now + 2 * (expiresAt - now)),
    live,
    ending: [...list.ending, ...evicted],
  }
}

/** The list without entries whose sessions have ended. The next check comes when it has doubled. */
export function withoutDead(list: UserList, dead: ReadonlySet<string>): UserList {
  const live = list.live.filter(({ key }) => !dead.has(key))
  return { ...list, live, checkAt: Math.max(MIN_CHECK, 2 * live.length) }
}

/** Moves entries to those that are being ended. With `isAll`, logins that began before are refused. */
export function revoke(
  list: UserList,
  { ends, isAll, until }: { ends: (entry: ListEntry) => boolean; isAll: boolean; until: number },
): UserList {
  return {
    ...list,
    epoch: isAll ? list.epoch + 1 : list.epoch,
    until: Math.max(list.until, until),
    live: list.live.filter((entry) => !ends(entry)),
    ending: [...list.ending, ...list.live.filter(ends)],
  }
}

/** The list without entries that have been ended. An entry that was listed again since stays. */
export function withoutEnded(list: UserList, ended: readonly ListEntry[]): UserList {
  const isEnded = (entry: ListEntry) =>
    ended.some(({ key, seenAt }) => key === entry.key && seenAt === entry.seenAt)
  const ending = list.ending.filter((entry) => !isEnded(entry))
  return ending.length === list.ending.length ? list : { ...list, ending }
}
