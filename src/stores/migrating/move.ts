import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMoved, movedMark } from '../../record/tombstone.js'
import type { Replaced, SessionStore } from '../contract.js'

/** How long a copy lives in `to` while `from` still has the session, in ms. */
const COPY_TTL = 60_000
/** Pauses between attempts while another move of the session is in progress, in ms; together 1 s. */
const PAUSES = [1, 2, 5, 10, 20, 50, 100, 200, 300, 300]
const MAX_MOVE_NUMBER = 10 ** 14

/** A write that moves a session: `expected` in `from` becomes `value` in `to`. */
export interface Write {
  readonly key: string
  readonly expected: string
  readonly value: string
  /** Epoch ms. */
  readonly expiresAt: number
}

interface Move extends Write {
  /** Replaces `expected` in `from`; different for every move. */
  readonly mark: string
  /** The copy of an earlier move that stopped, which this move wrote over. */
  readonly staleCopy?: string | undefined
}

export interface MoverOptions {
  from: SessionStore
  to: SessionStore
  now: () => number
  /** Whether `from` can store a mark. A legacy store cannot: its adapter keeps tombstones in memory. */
  storesMarks: boolean
}

/**
 * Moves sessions between two stores, which cannot change in one step. So a move has three:
 * 1. copy the new value to `to`, with a short life;
 * 2. replace the session in `from` by a mark, with compare and set: at this moment it has moved;
 * 3. give the copy its expiry, or delete it if step 2 failed.
 *
 * Until step 2 the session in `from` is the valid one, and no reader uses the copy.
 */
export class Mover {
  readonly #from: SessionStore
  readonly #to: SessionStore
  readonly #now: () => number
  readonly #storesMarks: boolean

  constructor({ from, to, now, storesMarks }: MoverOptions) {
    this.#from = from
    this.#to = to
    this.#now = now
    this.#storesMarks = storesMarks
  }

  /** Carries out a write as a move. Waits while another process moves the same session. */
  async move(write: Write): Promise<Replaced> {
    const { key, expected } = write
    const move: Move = { ...write, mark: movedMark(randomInt(MAX_MOVE_NUMBER)) }
    for (const pause of PAUSES) {
      if (await this.#writeCopy(move, expected)) return this.#markSource(move)
      await sleep(pause)
      const current = await this.#from.load(key)
      if (current === expected) continue
      if (current === undefined) return { ok: false, current: await this.#to.load(key) }
      return this.followMove(key, { ok: false, current })
    }
    return this.#takeOver(move)
  }

  /** The result of a `replace` in `from`; if the session has moved, with the current value in `to`. */
  async followMove(key: string, result: Replaced): Promise<Replaced> {
    if (result.ok || !isMoved(result.current)) return result
    return { ok: false, current: await this.#to.load(key) }
  }

  /** Writes over the copy of another move, which made no progress for a second and probably stopped. */
  async #takeOver(move: Move): Promise<Replaced> {
    const staleCopy = await this.#to.load(move.key)
    if (!(await this.#writeCopy(move, staleCopy ?? move.expected)))
      return { ok: false, current: move.expected }
    return this.#markSource({ ...move, staleCopy })
  }

  /**
   * Step 1. Writes the copy if `to` has no record, or one that may be replaced: `replaceable`, or the
   * mark of an earlier move in the other direction.
   */
  async #writeCopy({ key, value, expiresAt }: Move, replaceable: string): Promise<boolean> {
    const until = Math.min(expiresAt, this.#now() + COPY_TTL)
    if (await this.#to.create(key, value, until)) return true
    const result = await this.#to.replace(key, replaceable, value, until)
    if (result.ok || !isMoved(result.current)) return result.ok
    return (await this.#to.replace(key, result.current, value, until)).ok
  }

  /** Step 2. */
  async #markSource(move: Move): Promise<Replaced> {
    const { key, expected, mark, expiresAt } = move
    const until = this.#storesMarks ? expiresAt : 0
    try {
      const result = await this.#from.replace(key, expected, mark, until)
      return await this.#settleCopy(move, result)
    } catch (error) {
      await this.#settleAfterError(move).catch(ignore)
      throw error
    }
  }

  /** After an error the mark may be stored all the same. If it is not, the copy expires by itself. */
  async #settleAfterError(move: Move): Promise<void> {
    const current = await this.#from.load(move.key)
    if (current !== move.expected) await this.#settleCopy(move, { ok: false, current })
  }

  /** Step 3. `result` is that of step 2. */
  async #settleCopy(move: Move, result: Replaced): Promise<Replaced> {
    const { key, value, expiresAt, staleCopy } = move
    if (result.ok || result.current === move.mark) {
      // Compare and set, as another request may have written to the moved session since.
      await this.#to.replace(key, value, value, expiresAt)
      return { ok: true }
    }
    const { current } = result
    // The session ended: the copy must not live on, even if another request changed it.
    if (current === undefined) await this.#to.destroy(key)
    // The earlier move was only slow, and won: restore its copy, which is the session now.
    else if (isMoved(current) && staleCopy !== undefined && !isMoved(staleCopy))
      await this.#to.replace(key, value, staleCopy, expiresAt)
    // Deletes the copy if it is unchanged.
    else await this.#to.replace(key, value, '', 0)
    return this.followMove(key, result)
  }
}

function ignore(): void {}
