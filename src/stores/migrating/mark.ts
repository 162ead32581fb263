import { randomInt } from 'node:crypto'
import { movedMark } from '../../record/tombstone.js'

/**
 * The mark of a move has 15 digits. The first one is its kind. In an unsettled mark, 8 digits for the
 * deadline of the session in minutes and 6 random digits follow. A settled mark keeps them.
 */
const UNSETTLED = 1
const SETTLED = 2
const KIND_UNIT = 10 ** 14
const DEADLINE_UNIT = 10 ** 6
const MAX_MINUTES = KIND_UNIT / DEADLINE_UNIT - 1
const MINUTE = 60_000
const PATTERN = new RegExp(`^(0e09)${UNSETTLED}((\\d{8})\\d{6})$`)

/**
 * The mark of a move whose copy may still have a short life. It holds the deadline that the copy
 * needs, rounded up to a minute, as a reader cannot see the deadline of a record. Different for every
 * move of a session.
 */
export function unsettledMark(expiresAt: number): string {
  const minutes = Math.min(Math.ceil(expiresAt / MINUTE), MAX_MINUTES)
  return movedMark(UNSETTLED * KIND_UNIT + minutes * DEADLINE_UNIT + randomInt(DEADLINE_UNIT))
}

/** The mark of the same move, once the copy has its deadline. */
export function settledMark(mark: string): string {
  return mark.replace(PATTERN, (_, start, rest) => `${start}${SETTLED}${rest}`)
}

/** The deadline in an unsettled mark, in epoch ms; undefined: the copy has its deadline. */
export function unsettledDeadline(mark: string): number | undefined {
  const minutes = PATTERN.exec(mark)?.[3]
  return minutes === undefined ? undefined : Number(minutes) * MINUTE
}

/** Whether a value is the mark of a move to another store. That of a move to a hash begins with a 9. */
export function isMoved(value: string | undefined): value is string {
  return value !== undefined && /^0e09[0-8]\d{14}$/.test(value)
}

/** Whether a value is this mark, settled or not. */
export function isSameMove(value: string | undefined, mark: string): boolean {
  return isMoved(value) && settledMark(value) === settledMark(mark)
}
