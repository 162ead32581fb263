import { randomInt } from 'node:crypto'

/** How a session ended: for good, or by a move to a new id (a regenerate). */
export type EndKind = 'ended' | 'moved'

/** 15 digits, of which the first is 1 or 2. A 9 marks a value in transit. */
const [MIN_NONCE, MAX_NONCE] = [10 ** 14, 2 ** 48 - 1]
/** Added to the digits of a session that moved: the first one is 4 or 5. */
const MOVED = 3 * 10 ** 14
/** In ms: by how much the clocks of two servers may differ. */
const MAX_CLOCK_SKEW = 3_600_000
const TOMBSTONE = /^(?:0e|[1-9]\d*e-)(\d+)$/

/**
 * The value that stays at the key of a session that ended, so that a late request cannot begin a
 * session under its cookie. It is a number that every JSON parser reads as 0, which every older
 * package takes for "no session". Its exponent is the deadline, which so survives a store that
 * extended the record. Its digits are random: a command that a client sent twice finds its own.
 */
export function tombstone(until: number, kind: EndKind = 'ended'): string {
  const nonce = randomInt(MIN_NONCE, MAX_NONCE) + (kind === 'moved' ? MOVED : 0)
  return `${nonce}e-${Math.ceil(until)}`
}

/** How the session of a tombstone ended. Older versions mark each of them as ended. */
export function endKind(value: string): EndKind {
  return /^[45]\d{14}e-/.test(value) ? 'moved' : 'ended'
}

/** The deadline of a tombstone in epoch ms; undefined for any other value. */
export function tombstoneUntil(value: string): number | undefined {
  const until = isDigit(value) ? TOMBSTONE.exec(value)?.[1] : undefined
  return until === undefined ? undefined : Math.min(Number(until), Number.MAX_SAFE_INTEGER)
}

/**
 * Whether a tombstone blocks its id, where the store still holds it. The store has its own clock, which
 * decides. The deadline in the value is by the clock of another server, which may be behind: it only
 * limits how long a store that extended the tombstone can block the id.
 */
export function isBlocking(until: number, now: number): boolean {
  return until + MAX_CLOCK_SKEW > now
}

/**
 * When a tombstone that a read has extended is to end, in epoch ms by the clock of this server. Where
 * the server that ended the session is behind, its own deadline has passed here, and would delete it.
 */
export function tombstoneEnd(
  value: string,
  { now, tombstoneTtl }: { now: () => number; tombstoneTtl: number },
): number {
  // A mark holds no deadline.
  const until = tombstoneUntil(value) ?? 0
  return isMoved(value) || (until <= now() && isBlocking(until, now()))
    ? now() + tombstoneTtl
    : until
}

/** Whether a value marks an ended session. The marks of a move are tombstones as well. */
export function isTombstone(value: string): boolean {
  return isDigit(value) && TOMBSTONE.test(value)
}

/** Whether a value says that its session ended at this key: a tombstone that carries no value. */
export function isEnded(value: string): boolean {
  return isTombstone(value) && valueInTransit(value) === undefined
}

/** A record begins with a brace: a look at one character decides for most values. */
function isDigit(value: string): boolean {
  const code = value.charCodeAt(0)
  return code >= 48 && code <= 57
}

/**
 * A tombstone that says that the session continues elsewhere. A reader that does not look for the
 * leading zero sees an ordinary tombstone, which blocks the id for as long as it is stored.
 * @param move A whole number of at most 15 digits, which tells one move from another.
 */
export function movedMark(move: number): string {
  return `0e09${String(move).padStart(15, '0')}`
}

/** Whether a value is the mark of a move. */
export function isMoved(value: string | undefined): value is string {
  return value !== undefined && /^0e09\d{15}$/.test(value)
}

/**
 * A tombstone that carries a value: the session continues elsewhere with it, from the moment at which
 * this is stored. A reader that does not know of that sees an ordinary tombstone.
 */
export function inTransit(value: string, until: number): string {
  let digits = '9'
  for (const byte of Buffer.from(value)) digits += byte + 100
  return `${digits}e-${Math.ceil(until)}`
}

/** What `inTransit` was given; undefined for any other value. */
export function valueInTransit(raw: string): { value: string; until: number } | undefined {
  const [, digits, until] = /^9((?:\d{3})+)e-(\d+)$/.exec(raw) ?? []
  if (digits === undefined) return undefined
  const bytes = Buffer.alloc(digits.length / 3)
  for (let at = 0; at < bytes.length; at++)
    bytes[at] = Number(digits.slice(3 * at, 3 * at + 3)) - 100
  return { value: bytes.toString(), until: Number(until) }
}
