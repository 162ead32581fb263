import { setTimeout as sleep } from 'node:timers/promises'
import { type Awaitable, andThen, isPromise } from '../util/async.js'
import { tooManyConflicts } from '../util/errors.js'
import { MAX_ROUNDS, waitAfterLoss } from '../util/lost-rounds.js'
import { RecordDraft } from './draft.js'
import type { Change, ChangeResult, LoadedRecord, ReplaceResult } from './records.js'

interface Member {
  change: Change
  resolve(result: ChangeResult): void
  reject(error: unknown): void
}

/** A write that was not done. */
type LostResult = Exclude<ReplaceResult, { kind: 'written' }>

export interface GroupWriter {
  /** Writes a draft over its record, once. */
  write(draft: RecordDraft): Awaitable<ReplaceResult>
  /** Throws when a draft is too large to be written. */
  assertFits(draft: RecordDraft): void
  /** What a write over this record would meet now. */
  look(record: LoadedRecord): Awaitable<LostResult>
}

/**
 * Writes the changes that requests of this process make to one record at the same time as one. While
 * a compare-and-set of a key is under way, later changes of that key wait, and leave together in the
 * next one. So the cost of a change does not grow with how many others there are. A change that is
 * alone is written at once.
 *
 * Each change keeps the record that its request read as its merge base until its group is written.
 * A change that throws, or is too large, fails alone; a store failure fails its group.
 */
export class GroupCommit {
  readonly #writer: GroupWriter
  readonly #pause: (ms: number) => Promise<unknown>
  /** The changes that wait for each key under way. */
  readonly #waiting = new Map<string, Member[]>()

  /** `pause` waits for some ms; default: a timer. */
  constructor(writer: GroupWriter, pause: (ms: number) => Promise<unknown> = sleep) {
    this.#writer = writer
    this.#pause = pause
  }

  /** Answers at once where the change and the store do. */
  commit(change: Change): Awaitable<ChangeResult> {
    const { key } = change.base
    const waiting = this.#waiting.get(key)
    if (waiting) return new Promise((resolve, reject) => waiting.push({ change, resolve, reject }))
    const draft = new RecordDraft(change.base)
    const result = andThen(this.#apply(change, draft), (isApplied) =>
      isApplied ? this.#writer.write(draft) : GONE,
    )
    if (isPromise(result)) {
      const mine: Member[] = []
      this.#waiting.set(key, mine)
      return this.#finishFirst(change, result, mine)
    }
    return result.kind === 'conflict' ? this.#afterTurn(change, result.theirs) : result
  }

  /**
   * A store that answers at once lets other requests write only between two turns of the event loop.
   * Those that lose in one turn leave together after it: alone, each would merge a whole record.
   */
  #afterTurn(change: Change, theirs: LoadedRecord): Promise<ChangeResult> {
    const { key } = change.base
    return new Promise((resolve, reject) => {
      this.#waiting.set(key, [{ change, resolve, reject }])
      setImmediate(() => this.#next(key, theirs))
    })
  }

  async #finishFirst(
    change: Change,
    first: Promise<ReplaceResult>,
    mine: Member[],
  ): Promise<ChangeResult> {
    let known: LoadedRecord | undefined
    try {
      const result = await first
      if (result.kind === 'gone') return result
      known = result.kind === 'written' ? result.record : result.theirs
      if (result.kind === 'written') return result
      // It goes on as the first member of the next group.
      return new Promise((resolve, reject) => mine.unshift({ change, resolve, reject }))
    } finally {
      this.#next(change.base.key, known)
    }
  }

  #next(key: string, known: LoadedRecord | undefined): void {
    const group = this.#waiting.get(key)
    if (!group?.length) this.#waiting.delete(key)
    else {
      this.#waiting.set(key, [])
      void this.#writeGroup(group, known).then((record) => this.#next(key, record))
    }
  }

  /** False: what is stored is not a session any more. */
  #apply(change: Change, draft: RecordDraft): Awaitable<boolean> {
    return andThen(change.apply(draft), (isApplied) => {
      if (isApplied) this.#writer.assertFits(draft)
      return isApplied
    })
  }

  /** Settles every member. Returns the record that is stored afterwards, where that is known. */
  async #writeGroup(
    group: readonly Member[],
    known: LoadedRecord | undefined,
  ): Promise<LoadedRecord | undefined> {
    let members = group
    let record = known ?? members[0]?.change.base
    for (let round = 0; record && round < MAX_ROUNDS; round++) {
      const draft = new RecordDraft(record)
      members = await this.#applyAll(members, draft)
      if (members.length === 0) return record
      const result = await this.#tryWrite(members, draft, round)
      if (result === undefined) return undefined
      if (result.kind === 'written') {
        for (const { resolve } of members) resolve({ kind: 'written', record: result.record })
        return result.record
      }
      if (result.kind === 'gone') {
        for (const { resolve } of members) resolve(result)
        return undefined
      }
      record = result.theirs
    }
    for (const { reject } of members) reject(tooManyConflicts())
    return undefined
  }

  /** One after another, each over what the one before left. Returns those that are to be written. */
  async #applyAll(members: readonly Member[], draft: RecordDraft): Promise<Member[]> {
    const applied: Member[] = []
    for (const member of members) {
      try {
        if (await member.change.apply(draft)) {
          this.#assertFits(draft)
          applied.push(member)
        } else member.resolve({ kind: 'gone' })
      } catch (error) {
        member.reject(error)
      }
    }
    return applied
  }

  /** Takes back the last change when the draft is too large with it. */
  #assertFits(draft: RecordDraft): void {
    try {
      this.#writer.assertFits(draft)
    } catch (error) {
      draft.undo()
      throw error
    }
  }

  /** undefined: the store failed, and so did the members. */
  async #tryWrite(
    members: readonly Member[],
    draft: RecordDraft,
    round: number,
  ): Promise<ReplaceResult | undefined> {
    try {
      const result = await this.#writer.write(draft)
      return result.kind === 'conflict' ? await this.#afterLoss(result, round + 1) : result
    } catch (error) {
      for (const { reject } of members) reject(error)
      return undefined
    }
  }

  async #afterLoss(result: LostResult & { kind: 'conflict' }, lost: number): Promise<LostResult> {
    const ms = waitAfterLoss(lost)
    if (ms === 0) return result
    await this.#pause(ms)
    return this.#writer.look(result.theirs)
  }
}

const GONE = { kind: 'gone' } as const
