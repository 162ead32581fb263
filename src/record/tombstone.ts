/**
 * The value that stays at the key of a session that ended, so that a late request cannot begin a
 * session under its cookie: the number 0, written with its deadline as the exponent. Every older
 * package reads it as "no session". The deadline inside survives a store that extended the record.
 */
export function tombstone(until: number): string {
  return `0e${Math.ceil(until)}`
}

/** The deadline of a tombstone in epoch ms; undefined for any other value. */
export function tombstoneUntil(value: string): number | undefined {
  if (!isTombstone(value)) return undefined
  return Math.min(Number(value.slice(2)), Number.MAX_SAFE_INTEGER)
}

/** Whether a value marks an ended session. The mark of a move is one as well. */
export function isTombstone(value: string): boolean {
  return value.startsWith('0e') && /^0e\d+$/.test(value)
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
