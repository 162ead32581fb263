import { setTimeout as sleep } from 'node:timers/promises'
import { SessionError, tooManyConflicts } from '../util/errors.js'
import { MAX_ROUNDS, waitAfterLoss } from '../util/lost-rounds.js'
import type { ListedRecords, Lists, StoredList } from './lists.js'
import { type ListEntry, type UserList, withoutEnded } from './user-list.js'

/** What a change makes of a list. `list`: undefined when there is nothing to write. */
export type Changed<T> = { list?: UserList | undefined; result: T } | 'check'

/**
 * A change of a list. `dead`: the keys of entries whose sessions have ended; a change that has to know
 * them, and gets undefined, returns `check`, and is called again.
 */
export type ListChange<T> = (list: UserList, dead: ReadonlySet<string> | undefined) => Changed<T>

/** What became of a change. `ended`: the keys of the sessions that were ended with it. */
export interface ChangeOutcome<T> {
  result: T
  ended: ReadonlySet<string>
}

/** What a turn leaves to the next one: the list as it is stored, and entries that have been ended. */
interface Turn {
  stored: StoredList
  done: readonly ListEntry[]
}

interface Done {
  turn: Turn | undefined
  /** The keys of the sessions that were ended. */
  ended: ReadonlySet<string>
}

interface Member {
  /** A session that a check looks at beside those of the list. */
  readonly beside: ListEntry | undefined
  apply(list: UserList, dead: ReadonlySet<string> | undefined): UserList | 'check' | undefined
  resolve(ended: ReadonlySet<string>): void
  reject(error: unknown): void
}

/**
 * Changes the lists of users. Changes that this process makes to one list at the same time leave
 * together in one compare-and-set: otherwise many logins of one user would lose most of their rounds.
 * A change is done once the sessions that it ends are ended.
 */
export class ListWriter {
  readonly #table: Lists
  readonly #records: ListedRecords
  /** The changes that wait for the one under way, by user. */
  readonly #waiting = new Map<string, Member[]>()

  constructor(table: Lists, records: ListedRecords) {
    this.#table = table
    this.#records = records
  }

  /**
   * @param beside A session that a check looks at beside those of the list.
   * @throws {StoreFailure} and {SessionError} ERR_SESSION_CONFLICT, ERR_SESSION_SIZE
   */
  change<T>(user: string, change: ListChange<T>, beside?: ListEntry): Promise<ChangeOutcome<T>> {
    return new Promise((resolve, reject) => {
      let result: T
      const member: Member = {
        beside,
        apply(list, dead) {
          const changed = change(list, dead)
          if (changed === 'check') return 'check'
          result = changed.result
          return changed.list
        },
        resolve: (ended) => resolve({ result, ended }),
        reject,
      }
      const waiting = this.#waiting.get(user)
      if (waiting) waiting.push(member)
      else void this.#takeTurns(user, [member])
    })
  }

  async #takeTurns(user: string, first: Member[]): Promise<void> {
    let before: Turn | undefined
    for (let group = first; group.length > 0; group = this.#waiting.get(user) ?? []) {
      this.#waiting.set(user, [])
      before = await this.#settle(user, group, before)
    }
    this.#waiting.delete(user)
  }

  /** Settles every member, and never throws. Returns what the next turn begins with. */
  async #settle(
    user: string,
    group: readonly Member[],
    before: Turn | undefined,
  ): Promise<Turn | undefined> {
    try {
      const { turn, ended } = await this.#write(user, group, before)
      for (const member of group) member.resolve(ended)
      return turn
    } catch (error) {
      const isTooLarge = error instanceof SessionError && error.code === 'ERR_SESSION_SIZE'
      if (isTooLarge && group.length > 1)
        // Only those that do not fit may fail: to end sessions makes a list smaller.
        for (const member of group) await this.#settle(user, [member], undefined)
      else for (const member of group) member.reject(error)
      return undefined
    }
  }

  async #write(user: string, group: readonly Member[], before: Turn | undefined): Promise<Done> {
    const key = this.#table.key(user)
    let isCurrent = before === undefined
    let stored = before?.stored ?? (await this.#table.load(key))
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const list = await this.#applyAll(user, group, withoutEnded(stored.list, before?.done ?? []))
      if (list === stored.list) {
        if (isCurrent) return this.#finish(user, key, stored)
        // No compare-and-set shows whether another process wrote since the last turn.
        stored = await this.#table.load(key)
        isCurrent = true
        continue
      }
      const answer = await this.#table.write(key, stored.raw, list)
      if ('written' in answer) return this.#finish(user, key, { raw: answer.written, list })
      stored = await this.#afterLoss(key, answer.current, round + 1)
      isCurrent = true
    }
    throw tooManyConflicts()
  }

  async #afterLoss(key: string, current: StoredList, lost: number): Promise<StoredList> {
    const ms = waitAfterLoss(lost)
    if (ms === 0) return current
    await sleep(ms)
    return this.#table.load(key)
  }

  /** The list with all changes, each over what the one before left. */
  async #applyAll(user: string, group: readonly Member[], before: UserList): Promise<UserList> {
    const list = applyEach(group, before, undefined)
    if (list !== 'check') return list
    const beside = group.flatMap((member) => member.beside ?? [])
    const dead = await this.#findDead(user, [...before.live, ...beside])
    const checked = applyEach(group, before, dead)
    if (checked === 'check') throw new Error('A change asked for a second check')
    return checked
  }

  async #findDead(user: string, entries: readonly ListEntry[]): Promise<ReadonlySet<string>> {
    const over = await Promise.all(entries.map((entry) => this.#records.isOver(user, entry)))
    return new Set(entries.filter((_, at) => over[at]).map(({ key }) => key))
  }

  /**
   * Ends what is to be ended, and only then says so in the list: a crash in between loses nothing.
   * Where other changes wait, the next one says it.
   */
  async #finish(user: string, key: string, stored: StoredList): Promise<Done> {
    const { ending } = stored.list
    if (ending.length === 0) return { turn: { stored, done: [] }, ended: NONE }
    const isEnded = await Promise.all(ending.map((entry) => this.#records.end(user, entry)))
    const ended = new Set(ending.filter((_, at) => isEnded[at]).map((entry) => entry.key))
    if (this.#waiting.get(user)?.length) return { turn: { stored, done: ending }, ended }
    await this.#clear(key, stored, ending).catch(() => {
      // The sessions have ended: the next change of the list removes the entries.
    })
    return { turn: undefined, ended }
  }

  async #clear(key: string, stored: StoredList, done: readonly ListEntry[]): Promise<void> {
    let { raw, list } = stored
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const cleared = withoutEnded(list, done)
      if (cleared === list) return
      const answer = await this.#table.write(key, raw, cleared)
      if ('written' in answer) return
      ;({ raw, list } = answer.current)
    }
  }
}

const NONE: ReadonlySet<string> = new Set()

function applyEach(
  group: readonly Member[],
  before: UserList,
  dead: ReadonlySet<string> | undefined,
): UserList | 'check' {
  let list = before
  for (const member of group) {
    const next = member.apply(list, dead)
    if (next === 'check') return 'check'
    list = next ?? list
  }
  return list
}
