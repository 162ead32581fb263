import { randomInt } from 'node:crypto'
import type { RecordTable, Seen } from './table.js'
import { inTransit, movedMark, valueInTransit } from './tombstone.js'

/** How long a copy lives whose move is not completed, in ms. */
const COPY_TTL = 60_000
/** How long the mark of a completed move is stored, for readers that looked at the new key before, in ms. */
const MARK_TTL = 10_000
/** `migrating` has marks of its own: those of this move begin with a 9. */
const MIN_MOVE_NUMBER = 9 * 10 ** 14
const MOVE_NUMBERS = 10 ** 14

/**
 * Moves a session from one key to another, which a store cannot change in one step:
 * 1. `begin` replaces the record at the old key by its new value in transit. From then on the session
 *    has moved, whatever fails. It is a tombstone to a reader that does not know of the move.
 * 2. `settle` copies the value to the new key, with a short life.
 * 3. It looks whether the value is still in transit: otherwise the session ended, and the copy goes.
 * 4. It gives the copy its full life, and leaves a mark at the old key for a moment.
 *
 * Any reader that meets a value in transit settles it, so that a process that dies loses nothing.
 */
export class KeyMove {
  readonly #table: RecordTable
  readonly #now: () => number

  constructor(table: RecordTable, now: () => number) {
    this.#table = table
    this.#now = now
  }

  /** @param raw The value for the new key. */
  async begin(from: Seen, raw: string, expiresAt: number) {
    const transit = inTransit(raw, expiresAt)
    const answer = await this.#table.replace('set', from, transit, expiresAt, false)
    return answer.ok ? { ok: true as const, transit } : answer
  }

  /** Returns what is at the new key afterwards; undefined: the session ended. */
  async settle(from: string, to: string, transit: string): Promise<string | undefined> {
    const moving = valueInTransit(transit)
    if (!moving) return undefined
    const { value, until } = moving
    const isCopied = await this.#table.create(to, transit, Math.min(until, this.#now() + COPY_TTL))
    const there = isCopied ? transit : await this.#table.load('set', to)
    if (there !== undefined && !valueInTransit(there)) {
      await this.#mark(from, transit)
      return there
    }
    if ((await this.#table.load('set', from)) !== transit) return this.#withdraw(to, transit)
    const answer = await this.#table.replace('set', { key: to, raw: transit }, value, until, false)
    await this.#mark(from, transit)
    return answer.ok ? value : answer.current
  }

  async #mark(from: string, transit: string): Promise<void> {
    const until = this.#now() + MARK_TTL
    const mark = movedMark(MIN_MOVE_NUMBER + randomInt(MOVE_NUMBERS))
    await this.#table.replace('set', { key: from, raw: transit }, mark, until, true)
  }

  /** The value is not in transit any more: a copy that was made too late must not revive the session. */
  async #withdraw(to: string, copy: string): Promise<string | undefined> {
    const answer = await this.#table.replace('destroy', { key: to, raw: copy }, '', 0, true)
    return answer.ok || (answer.current && valueInTransit(answer.current))
      ? undefined
      : answer.current
  }
}
