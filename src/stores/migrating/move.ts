import { setTimeout as sleep } from 'node:timers/promises'
import { isTombstone } from '../../record/tombstone.js'
import type { Replaced, SessionStore } from '../contract.js'
import { isMoved, isSameMove, settledMark, unsettledDeadline, unsettledMark } from './mark.js'
import { isOneDatabase } from './one-database.js'

/** How long a copy lives in `to` while `from` still has the session, in ms. */
const COPY_TTL = 60_000
/** Pauses between attempts while another move of the session is in progress, in ms; together 1 s. */
const PAUSES = [1, 2, 5, 10, 20, 50, 100, 200, 300, 300]
/** Pauses before a move is completed that met a store that failed, in ms; they double. */
const FIRST_RETRY_PAUSE = 50
const LONGEST_RETRY_PAUSE = 5000

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

/** A session that was read in `to` because of a mark in `from`. */
interface MovedSession {
  readonly key: string
  readonly mark: string
  readonly value: string
  /** The deadline that the session was given when it was read, in epoch ms; undefined: none. */
  readonly touch?: number | undefined
}

export interface MoverOptions {
  from: SessionStore
  to: SessionStore
  now: () => number
  /** Whether `from` can store a mark. A legacy store cannot: its adapter keeps tombstones in memory. */
  storesMarks: boolean
}

/**
 * Moves sessions between two stores, which cannot change in one step. So a move has four:
 * 1. copy the new value to `to`, with a short life;
 * 2. replace the session in `from` by a mark, with compare and set: at this moment it has moved;
 * 3. give the copy its expiry, or delete it if step 2 failed;
 * 4. note in the mark that step 3 is done. Until then, every request that finds the mark repeats step 3.
 *
 * Until step 2 the session in `from` is the valid one, and no reader uses the copy.
 */
export class Mover {
  readonly #from: SessionStore
  readonly #to: SessionStore
  readonly #now: () => number
  readonly #storesMarks: boolean
  /** Undefined: not known yet. */
  #isOne: boolean | undefined

  constructor({ from, to, now, storesMarks }: MoverOptions) {
    this.#from = from
    this.#to = to
    this.#now = now
    this.#storesMarks = storesMarks
  }

  /**
   * Carries out a write as a move. Waits while another process moves the same session. Returns
   * undefined, and writes nothing, if `from` and `to` are one database.
   */
  async move(write: Write): Promise<Replaced | undefined> {
    const { key, expected, expiresAt } = write
    const move: Move = { ...write, mark: unsettledMark(expiresAt) }
    if (await this.#insertCopy(move)) return this.#markSource(move)
    if (await this.#areOne(key)) return undefined
    for (const pause of PAUSES) {
      if (await this.#overwriteCopy(move, expected)) return this.#markSource(move)
      await sleep(pause)
      const current = await this.#from.load(key)
      if (current === undefined) return { ok: false, current: await this.#to.load(key) }
      if (current !== expected) return this.followMove(key, { ok: false, current })
      if (await this.#insertCopy(move)) return this.#markSource(move)
    }
    return this.#takeOver(move)
  }

  /** Call if `to` has a record of a session that is in `from`: it may be a copy, or the session itself. */
  async #areOne(key: string): Promise<boolean> {
    if (this.#isOne !== undefined) return this.#isOne
    const isMark = isMoved(await this.#to.load(key))
    this.#isOne = !isMark && (await isOneDatabase(this.#from, this.#to, key, this.#now))
    return this.#isOne
  }

  /** The result of a `replace` in `from`; if the session has moved, with the current value in `to`. */
  async followMove(key: string, result: Replaced): Promise<Replaced> {
    if (result.ok || !isMoved(result.current)) return result
    return { ok: false, current: await this.#to.load(key) }
  }

  /**
   * Steps 3 and 4 for a session that another request moved, if its mark says that they are missing.
   * Call it before a write to `to`: later, step 3 could restore what that write replaced.
   */
  async settle({ key, mark, value, touch }: MovedSession): Promise<void> {
    const deadline = unsettledDeadline(mark)
    if (deadline === undefined) return
    const until = touch ?? deadline
    // The tombstone of a session that ended keeps its own deadline.
    if (!isTombstone(value)) await this.#to.replace(key, value, value, until)
    await this.#from.replace(key, mark, settledMark(mark), until)
  }

  /** Writes over the copy of another move, which made no progress for a second and probably stopped. */
  async #takeOver(move: Move): Promise<Replaced> {
    const staleCopy = await this.#to.load(move.key)
    const isWritten =
      (await this.#insertCopy(move)) ||
      (await this.#overwriteCopy(move, staleCopy ?? move.expected))
    if (!isWritten) return { ok: false, current: move.expected }
    return this.#markSource({ ...move, staleCopy })
  }

  /** Step 1: writes the copy if `to` has no record. */
  async #insertCopy(move: Move): Promise<boolean> {
    return this.#to.create(move.key, move.value, this.#copyExpiry(move))
  }

  /** Step 1 over a record that may be replaced: `replaceable`, or the mark of an earlier move back. */
  async #overwriteCopy(move: Move, replaceable: string): Promise<boolean> {
    const { key, value } = move
    const until = this.#copyExpiry(move)
    const result = await this.#to.replace(key, replaceable, value, until)
    if (result.ok || !isMoved(result.current)) return result.ok
    return (await this.#to.replace(key, result.current, value, until)).ok
  }

  #copyExpiry({ expiresAt }: Move): number {
    return Math.min(expiresAt, this.#now() + COPY_TTL)
  }

  /** Step 2. */
  async #markSource(move: Move): Promise<Replaced> {
    const { key, expected, mark, expiresAt } = move
    const until = this.#storesMarks ? expiresAt : 0
    try {
      const result = await this.#from.replace(key, expected, mark, until)
      return await this.#completeMove(move, result)
    } catch (error) {
      await this.#completeAfterError(move).catch(() => void this.#completeLater(move))
      throw error
    }
  }

  /** After an error the mark may be stored all the same. If it is not, the copy expires by itself. */
  async #completeAfterError(move: Move): Promise<void> {
    const current = await this.#from.load(move.key)
    if (current !== move.expected) await this.#completeMove(move, { ok: false, current })
  }

  /** Tries again until both stores answer, as otherwise the copy would end. */
  async #completeLater(move: Move): Promise<void> {
    let pause = FIRST_RETRY_PAUSE
    while (this.#now() < move.expiresAt) {
      await sleep(pause, undefined, { ref: false })
      pause = Math.min(2 * pause, LONGEST_RETRY_PAUSE)
      try {
        return await this.#completeAfterError(move)
      } catch {
        // A store still fails.
      }
    }
  }

  /** Steps 3 and 4. `result` is that of step 2. */
  async #completeMove(move: Move, result: Replaced): Promise<Replaced> {
    const { key, value, mark, expiresAt, staleCopy } = move
    if (result.ok || isSameMove(result.current, mark)) {
      await this.#keepCopy(move)
      return { ok: true }
    }
    const { current } = result
    // The session ended: the copy must not live on, even if another request changed it.
    if (current === undefined) await this.#to.destroy(key)
    // The earlier move was only slow, and won: restore its copy, which is the session now.
    else if (isMoved(current) && staleCopy !== undefined && !isMoved(staleCopy))
      await this.#to.replace(key, value, staleCopy, expiresAt)
    else await this.#withdrawCopy(move)
    return this.followMove(key, result)
  }

  async #keepCopy({ key, value, mark, expiresAt }: Move): Promise<void> {
    // Compare and set, as another request may have written to the moved session since.
    const result = await this.#to.replace(key, value, value, expiresAt)
    if (!this.#storesMarks) return
    if (!result.ok && result.current === undefined)
      await this.#restoreCopy({ key, value, mark, expiresAt })
    // The write is done. If this fails, the next request that finds the mark repeats it.
    await Promise.resolve(this.#from.replace(key, mark, settledMark(mark), expiresAt)).catch(ignore)
  }

  /**
   * Writes a copy again that expired because step 3 came too late. The mark shows that no request
   * ended or changed the session: each of them changes the mark first.
   */
  async #restoreCopy({ key, value, mark, expiresAt }: Omit<Move, 'expected'>): Promise<void> {
    if ((await this.#from.load(key)) !== mark) return
    const until = Math.min(expiresAt, this.#now() + COPY_TTL)
    if (!(await this.#to.create(key, value, until))) return
    const isValid = (await this.#from.load(key)) === mark
    await this.#to.replace(key, value, isValid ? value : '', isValid ? expiresAt : 0)
  }

  /**
   * Deletes the copy of a refused move. If the session ended after the refusal, a request that loaded
   * it before may have taken the copy for the session and changed it: that ends as well.
   */
  async #withdrawCopy({ key, value }: Move): Promise<void> {
    const result = await this.#to.replace(key, value, '', 0)
    if (result.ok || result.current === undefined || !this.#storesMarks) return
    const current = await this.#from.load(key)
    const isEnded = current === undefined || (isTombstone(current) && !isMoved(current))
    if (isEnded) await this.#to.destroy(key)
  }
}

function ignore(): void {}
