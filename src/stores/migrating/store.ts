import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMoved, movedMark, tombstoneUntil } from '../../record/tombstone.js'
import { SessionError } from '../../util/errors.js'
import {
  assertStore,
  isSessionStore,
  type LegacyStore,
  type Replaced,
  type SessionStore,
} from '../contract.js'
import { adaptLegacy } from '../legacy/adapter.js'
import { Connections, scanBoth } from './both.js'

export interface MigratingOptions {
  /** Where the sessions are. */
  from: SessionStore | LegacyStore
  /** Where they are to be. */
  to: SessionStore | LegacyStore
  /**
   * False: `to` is read, and nothing is begun there or moved there. For the first of two deploys, so
   * that servers which know only `from` miss nothing. Default true.
   */
  move?: boolean
  /** The clock, in epoch ms. Default `Date.now`; for tests. */
  now?: () => number
}

/** How long a copy in `to` lives whose move was cut off before `from` gave the session up, in ms. */
const GRACE = 60_000
/** How long a move waits for another one of the same session that has begun, in ms; together a second. */
const PAUSES = [1, 2, 5, 10, 20, 50, 100, 200, 300, 300]
const MOVES = 10 ** 14
const OPTIONS = ['from', 'to', 'move', 'now']

/**
 * One store made of two. It reads both, begins sessions in `to`, and moves a session there on its
 * first write. A session in `from` is the one that counts; what stands beside it in `to` is a copy.
 * So each call looks into `from` first: one round trip more for a session that is in `to`.
 * docs/migrate-stores.md says what it promises, and how to get from one store to the other.
 * @throws {SessionError} ERR_SESSION_OPTION; ERR_SESSION_STORE_CONTRACT when one of them is no store.
 */
export function migrating(options: MigratingOptions): SessionStore {
  const { from, to, move = true, now = Date.now } = options ?? {}
  const unknown = Object.keys(options ?? {}).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined)
    throw new SessionError(
      'ERR_SESSION_OPTION',
      `migrating has no option "${unknown}": it takes ${OPTIONS.join(', ')}`,
    )
  assertStore(from, 'from')
  assertStore(to, 'to')
  if (from === to)
    throw new SessionError('ERR_SESSION_OPTION', 'from and to are one store: pass two')
  if (typeof move !== 'boolean')
    throw new SessionError('ERR_SESSION_OPTION', 'move must be true or false')
  return new MigratingStore({ from, to, move, now })
}

class MigratingStore implements SessionStore {
  readonly scan?: NonNullable<SessionStore['scan']>
  readonly #from: SessionStore
  readonly #to: SessionStore
  readonly #move: boolean
  readonly #now: () => number
  /** Whether a mark can stand in `from`: an older store forgets it, and would only keep it in memory. */
  readonly #marks: boolean
  readonly #connections: Connections

  constructor({ from, to, move, now }: Required<MigratingOptions>) {
    this.#from = isSessionStore(from) ? from : adaptLegacy(from, now)
    this.#to = isSessionStore(to) ? to : adaptLegacy(to, now)
    this.#move = move
    this.#now = now
    this.#marks = isSessionStore(from)
    this.#connections = new Connections([from, to])
    const [scanFrom, scanTo] = [this.#from, this.#to].map((store) => store.scan?.bind(store))
    if (scanFrom && scanTo) this.scan = scanBoth(scanFrom, scanTo)
  }

  async load(key: string, touch?: number): Promise<string | undefined> {
    return (await this.#standing(key, touch)) ?? this.#to.load(key, touch)
  }

  async create(key: string, value: string, expiresAt: number): Promise<boolean> {
    if ((await this.#standing(key)) !== undefined) return false
    if (this.#move) return this.#to.create(key, value, expiresAt)
    if ((await this.#to.load(key)) !== undefined) return false
    return this.#from.create(key, value, expiresAt)
  }

  async replace(
    key: string,
    expected: string,
    value: string,
    expiresAt: number,
  ): Promise<Replaced> {
    const found = await this.#from.load(key)
    if (found === undefined || isMoved(found)) {
      const answer = await this.#to.replace(key, expected, value, expiresAt)
      // Whoever comes late with a copy has to find that it ended, and not that it moved.
      if (answer.ok && found !== undefined && tombstoneUntil(value) !== undefined)
        await this.#from.replace(key, found, value, expiresAt)
      return answer
    }
    if (found !== expected) return { ok: false, current: found }
    // A session that ends need not move first.
    if (tombstoneUntil(value) !== undefined) return this.#end(key, expected, value, expiresAt)
    if (this.#move && value !== expected) return this.#moveOver(key, expected, value, expiresAt)
    return this.#elsewhere(key, await this.#from.replace(key, expected, value, expiresAt))
  }

  async touch(key: string, expiresAt: number): Promise<boolean> {
    if (expiresAt <= this.#now()) return this.destroy(key)
    // A load says what it was that it touched: a session, or only the mark of one.
    if ((await this.#standing(key, expiresAt)) !== undefined) return true
    return this.#to.touch(key, expiresAt)
  }

  async destroy(key: string): Promise<boolean> {
    let ended = false
    for (let found = await this.#from.load(key); found !== undefined; ) {
      const answer = await this.#from.replace(key, found, '', 0)
      ended = answer.ok && !isMoved(found)
      found = answer.ok ? undefined : answer.current
    }
    return (await this.#to.destroy(key)) || ended
  }

  on(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#connections.on(event, listener)
    return this
  }

  off(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#connections.off(event, listener)
    return this
  }

  /** What `from` holds itself, and so what counts; undefined: ask `to`. */
  async #standing(key: string, touch?: number): Promise<string | undefined> {
    const value = await this.#from.load(key, touch)
    if (value === undefined || isMoved(value)) return undefined
    // A deadline that has passed ends the copy as well.
    if (touch !== undefined && touch <= this.#now()) await this.#to.destroy(key)
    return value
  }

  /** The answer of `from`; where it is that the session has moved, the answer is what `to` holds. */
  async #elsewhere(key: string, answer: Replaced): Promise<Replaced> {
    if (answer.ok || !isMoved(answer.current)) return answer
    return { ok: false, current: await this.#to.load(key) }
  }

  /** Here first: from then on nobody makes a copy, and takes back what he has made. */
  async #end(key: string, expected: string, value: string, expiresAt: number): Promise<Replaced> {
    const answer = await this.#from.replace(key, expected, value, expiresAt)
    if (answer.ok) await this.#to.destroy(key)
    return this.#elsewhere(key, answer)
  }

  /** There first, for a moment; then away from here; and only then for as long as it lives. */
  async #moveOver(
    key: string,
    expected: string,
    value: string,
    expiresAt: number,
  ): Promise<Replaced> {
    for (const pause of PAUSES) {
      if (await this.#put(key, expected, value, expiresAt))
        return this.#commit(key, expected, value, expiresAt)
      // Somebody moves it at this moment. Or died at that, which shows by nothing going on.
      await sleep(pause)
      const current = await this.#from.load(key)
      if (current === expected) continue
      if (current === undefined) return { ok: false, current: await this.#to.load(key) }
      return this.#elsewhere(key, { ok: false, current })
    }
    const left = await this.#to.load(key)
    if (!(await this.#put(key, left ?? expected, value, expiresAt)))
      return { ok: false, current: expected }
    return this.#commit(key, expected, value, expiresAt, left)
  }

  /** Where nothing stands in `to`, a copy of what was expected, or the mark of a move to `from`. */
  async #put(key: string, copy: string, value: string, expiresAt: number): Promise<boolean> {
    const until = Math.min(expiresAt, this.#now() + GRACE)
    if (await this.#to.create(key, value, until)) return true
    const answer = await this.#to.replace(key, copy, value, until)
    if (answer.ok || !isMoved(answer.current)) return answer.ok
    return (await this.#to.replace(key, answer.current, value, until)).ok
  }

  /** `left`: the copy of another move, which this one took over. */
  async #commit(
    key: string,
    expected: string,
    value: string,
    expiresAt: number,
    left?: string,
  ): Promise<Replaced> {
    const mark = movedMark(randomInt(MOVES))
    const settle = (answer: Replaced) => this.#settle(key, value, expiresAt, mark, answer, left)
    try {
      const until = this.#marks ? expiresAt : 0
      return await settle(await this.#from.replace(key, expected, mark, until))
    } catch (error) {
      // It may have taken effect all the same, or may yet: a copy beside what was expected stays its minute.
      const look = async () => {
        const current = await this.#from.load(key)
        if (current !== expected) await settle({ ok: false, current })
      }
      await look().catch(ignore)
      throw error
    }
  }

  /** What becomes of the copy, by what `from` says. */
  async #settle(
    key: string,
    value: string,
    expiresAt: number,
    mark: string,
    answer: Replaced,
    left: string | undefined,
  ): Promise<Replaced> {
    if (answer.ok || answer.current === mark) {
      // Not where somebody wrote since.
      await this.#to.replace(key, value, value, expiresAt)
      return { ok: true }
    }
    // It ended: whatever was made of the copy meanwhile ends as well.
    if (answer.current === undefined) await this.#to.destroy(key)
    // The other move was slow, and not dead: what it wrote is the session.
    else if (isMoved(answer.current) && left !== undefined && !isMoved(left))
      await this.#to.replace(key, value, left, expiresAt)
    else await this.#to.replace(key, value, '', 0)
    return this.#elsewhere(key, answer)
  }
}

function ignore(): void {}
