import type { SessionStore } from '../stores/contract.js'
import { type Awaitable, andThen, isPromise } from '../util/async.js'
import { SessionError, tooManyConflicts } from '../util/errors.js'
import { MAX_ROUNDS } from '../util/lost-rounds.js'
import { currentTurn } from '../util/turn.js'
import type { RecordDraft } from './draft.js'
import { SessionEndings } from './endings.js'
import type { RecordEnvelope } from './envelope.js'
import type { RecordFormat } from './format.js'
import { GroupCommit } from './group-commit.js'
import type { HeldSessions } from './held-sessions.js'
import { KeyMove } from './key-move.js'
import { MISSING, RecordReader } from './reader.js'
import type {
  Change,
  ChangeResult,
  LoadedRecord,
  LookupResult,
  ReplaceResult,
  SessionRecords,
} from './records.js'
import type { StoreGuard } from './store-guard.js'
import { RecordTable } from './table.js'
import {
  type EndKind,
  isEnded,
  isMoved,
  isTombstone,
  tombstone,
  tombstoneEnd,
  valueInTransit,
} from './tombstone.js'

const MAX_COLLISIONS = 3

export interface RepositoryOptions {
  store: SessionStore
  guard: StoreGuard
  envelope: RecordEnvelope
  format: RecordFormat
  /** How long a tombstone blocks the id of a session that ended, in ms. */
  tombstoneTtl: number
  /** The sessions of connections. */
  held: HeldSessions
  now: () => number
}

/** The records of sessions in a store. */
export class RecordRepository implements SessionRecords {
  readonly #table: RecordTable
  readonly #envelope: RecordEnvelope
  readonly #options: RepositoryOptions
  readonly #reader: RecordReader
  readonly #move: KeyMove
  readonly #commits: GroupCommit
  readonly #endings: SessionEndings

  constructor(options: RepositoryOptions) {
    const { store, guard, envelope, now } = options
    this.#table = new RecordTable(store, guard)
    this.#envelope = envelope
    this.#options = options
    this.#endings = new SessionEndings(this.#table, envelope, options)
    this.#reader = new RecordReader(options, this.#endings)
    this.#move = new KeyMove(this.#table, now)
    this.#commits = new GroupCommit({
      write: (draft) => this.#write(draft),
      look: (record) => andThen(this.reload(record), asConflict),
      assertFits: (draft) => {
        if (draft.maxLength > envelope.safeLength) envelope.wrap('', draft.value)
      },
    })
  }

  find(id: string, touch?: number): Awaitable<LookupResult> {
    const found = this.#findAt(id, this.#envelope.key(id), touch)
    const legacy = this.#envelope.legacyKey(id)
    return legacy === undefined ? found : this.#orFindAt(found, id, legacy, touch)
  }

  reload({ id }: LoadedRecord): Awaitable<LookupResult> {
    return this.find(id)
  }

  #orFindAt(first: Awaitable<LookupResult>, id: string, key: string, touch?: number) {
    return andThen(first, (found) =>
      found.kind === 'missing' ? this.#findAt(id, key, touch) : found,
    )
  }

  #findAt(id: string, key: string, touch?: number): Awaitable<LookupResult> {
    const raw = this.#table.load('get', key, touch)
    return isPromise(raw) ? this.#readLater(raw, id, key, touch) : this.#read(raw, id, key, touch)
  }

  async #readLater(raw: Promise<string | undefined>, id: string, key: string, touch?: number) {
    return this.#read(await raw, id, key, touch)
  }

  #read(raw: string | undefined, id: string, key: string, touch?: number): Awaitable<LookupResult> {
    if (raw === undefined) return MISSING
    return isTombstone(raw)
      ? this.#readTombstone(id, key, raw, touch)
      : this.#reader.read(id, key, raw)
  }

  async #readTombstone(id: string, key: string, raw: string, touch?: number) {
    if (valueInTransit(raw)) return this.#settleMove(id, raw)
    // The read has just moved its deadline: without this, the id stays blocked for long.
    if (touch !== undefined) await this.#table.touch(key, tombstoneEnd(raw, this.#options))
    const [bare, moved] = this.#envelope.keysOfMove(id) ?? []
    // It was moved after the look at the hash.
    if (isMoved(raw) && moved !== undefined && key === bare) return this.#findAt(id, moved, touch)
    return this.#reader.read(id, key, raw)
  }

  /** Completes a move that has begun, so that the session is found under its hash. */
  async #settleMove(id: string, raw: string): Promise<LookupResult> {
    const keys = this.#envelope.keysOfMove(id)
    if (!keys) return MISSING
    const current = await this.#move.settle(...keys, raw)
    return current === undefined ? MISSING : this.#reader.read(id, keys[1], current)
  }

  async create(
    newId: () => Promise<string>,
    value: string,
    expiresAt: number,
  ): Promise<LoadedRecord> {
    for (let round = 0; round < MAX_COLLISIONS; round++) {
      const record = this.#reader.make(await newId(), value)
      if (await this.#insert(record, expiresAt)) return record
    }
    throw new SessionError(
      'ERR_SESSION_ID',
      'genSid returns ids that exist already: make them random',
    )
  }

  async #insert(record: LoadedRecord, expiresAt: number): Promise<boolean> {
    const { key, raw } = record
    try {
      return await this.#table.insert(key, raw, expiresAt)
    } catch (failure) {
      // The store may have done it, under an id that no browser gets.
      await this.rollback(record)
      throw failure
    }
  }

  change(change: Change): Awaitable<ChangeResult> {
    return this.#commits.commit(change)
  }

  #write(draft: RecordDraft): Awaitable<ReplaceResult> {
    const { record, expiresAt } = draft
    const key = this.#envelope.keyToWrite(record)
    const next = this.#reader.make(record.id, draft.value, key)
    if (record.key !== next.key) return this.#writeMoved(record, next, expiresAt)
    const { isUnique } = this.#envelope
    return andThen(this.#table.replace('set', record, next.raw, expiresAt, isUnique), (answer) =>
      answer.ok ? { kind: 'written', record: next } : this.#lost(record, answer.current),
    )
  }

  async #writeMoved(
    record: LoadedRecord,
    next: LoadedRecord,
    expiresAt: number,
  ): Promise<ReplaceResult> {
    const answer = await this.#move.begin(record, next.raw, expiresAt)
    if (!answer.ok) {
      return this.#lost(record, answer.current)
    }
    try {
      const current = await this.#move.settle(record.key, next.key, answer.transit)
      if (current === undefined || isEnded(current)) return GONE
    } catch {
      // The write holds: the next reader completes the move.
    }
    return { kind: 'written', record: next }
  }

  revoke(record: LoadedRecord, kind: EndKind = 'ended'): Promise<boolean> {
    return this.#endings.end(record, kind)
  }

  async rollback(record: LoadedRecord): Promise<void> {
    const past = this.#options.now()
    try {
      await this.#table.replace('destroy', record, tombstone(past), past, true)
    } catch {
      // The caller has an error of its own to report.
    }
  }

  async overwrite(id: string, value: string, expiresAt: number): Promise<void> {
    const { key, raw } = this.#reader.make(id, value)
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const current = await this.#table.load('set', key)
      const done =
        current === undefined
          ? await this.#table.create(key, raw, expiresAt)
          : (await this.#table.replace('set', { key, raw: current }, raw, expiresAt, false)).ok
      if (!done) continue
      const legacy = this.#envelope.legacyKey(id)
      if (legacy !== undefined) await this.#table.ending.destroy(legacy)
      return
    }
    throw tooManyConflicts()
  }

  setDeadline({ key }: LoadedRecord, expiresAt: number): Awaitable<boolean> {
    return this.#table.touch(key, expiresAt)
  }

  get ends(): number {
    return this.#endings.count
  }

  isCurrent(record: LoadedRecord): boolean {
    return this.#envelope.isCurrent(record)
  }

  tick(): number {
    return currentTurn() + this.#endings.begun
  }

  /**
   * An equal value may be another request's write, so it still counts as a conflict. A session that is
   * moving to its hash is looked up there.
   */
  #lost({ id, key }: LoadedRecord, current: string | undefined): Awaitable<ReplaceResult> {
    return andThen(this.#readAfterLoss(id, key, current), asConflict)
  }

  /** The mark of a move is stored for a moment: without it, the session may be at its other key. */
  #readAfterLoss(id: string, key: string, current: string | undefined): Awaitable<LookupResult> {
    if (current !== undefined) return this.#read(current, id, key)
    return this.#envelope.keysOfMove(id) ? this.find(id) : MISSING
  }
}

const GONE = { kind: 'gone' } as const

/** What a write meets where another request wrote. */
function asConflict(found: LookupResult) {
  return found.kind === 'record' ? ({ kind: 'conflict', theirs: found.record } as const) : GONE
}
