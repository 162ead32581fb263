import type { Replaced, SessionStore } from '../stores/contract.js'
import { type Awaitable, andThen } from '../util/async.js'
import { SessionError, tooManyConflicts } from '../util/errors.js'
import type { RecordEnvelope } from './envelope.js'
import type { RecordFormat } from './format.js'
import {
  LoadedRecord,
  type LookupResult,
  type ReplaceResult,
  type SessionRecords,
} from './records.js'
import { replaceByTombstone } from './revoke.js'
import type { StoreGuard } from './store-guard.js'
import { isTombstone, tombstone, tombstoneUntil } from './tombstone.js'

/** Each lost round means that another request won: this bounds how many can be ahead. */
export const MAX_ROUNDS = 256
const MAX_COLLISIONS = 3

export interface RepositoryOptions {
  store: SessionStore
  guard: StoreGuard
  envelope: RecordEnvelope
  format: RecordFormat
  /** How long a tombstone blocks the id of a session that ended, in ms. */
  tombstoneTtl: number
  now: () => number
}

/** The records of sessions in a store. */
export class RecordRepository implements SessionRecords {
  readonly #store: SessionStore
  readonly #guard: StoreGuard
  readonly #envelope: RecordEnvelope
  readonly #format: RecordFormat
  readonly #tombstoneTtl: number
  readonly #now: () => number
  /** The store, as `replaceByTombstone` uses it. */
  readonly #ending: Pick<SessionStore, 'replace' | 'destroy'>
  #revocations = 0

  constructor({ store, guard, envelope, format, tombstoneTtl, now }: RepositoryOptions) {
    this.#store = store
    this.#guard = guard
    this.#envelope = envelope
    this.#format = format
    this.#tombstoneTtl = tombstoneTtl
    this.#now = now
    this.#ending = {
      replace: (...args) => guard.call('destroy', () => store.replace(...args)),
      destroy: (key) => guard.call('destroy', () => store.destroy(key)),
    }
  }

  find(id: string, touch?: number): Awaitable<LookupResult> {
    return andThen(this.#findAt(id, this.#envelope.key(id), touch), (found) => {
      const legacy = found.kind === 'missing' ? this.#envelope.legacyKey(id) : undefined
      return legacy === undefined ? found : this.#findAt(id, legacy, touch)
    })
  }

  #findAt(id: string, key: string, touch: number | undefined): Awaitable<LookupResult> {
    return andThen(this.#load('get', key, touch), (raw) => {
      if (raw === undefined) return MISSING
      const until = touch === undefined ? undefined : tombstoneUntil(raw)
      return until === undefined ? this.#read(id, key, raw) : this.#restore(key, until)
    })
  }

  /** The read has just moved the deadline of a tombstone: without this, the id stays blocked for long. */
  async #restore(key: string, until: number): Promise<LookupResult> {
    await this.#guard.call('get', () => this.#store.touch(key, until))
    return until > this.#now() ? TOMBSTONE : MISSING
  }

  async create(
    newId: () => Promise<string>,
    value: string,
    expiresAt: number,
  ): Promise<LoadedRecord> {
    for (let round = 0; round < MAX_COLLISIONS; round++) {
      const record = this.#record(await newId(), value)
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
      return await this.#guard.call('set', () => this.#store.create(key, raw, expiresAt))
    } catch (failure) {
      // The store may have done it, under an id that no browser gets.
      await this.rollback(record)
      throw failure
    }
  }

  async replace(record: LoadedRecord, value: string, expiresAt: number): Promise<ReplaceResult> {
    const next = this.#record(record.id, value)
    if (record.key !== next.key) return this.#move(record, next, expiresAt)
    const answer = await this.#swap('set', record, next.raw, expiresAt)
    return answer.ok ? { kind: 'written', record: next } : this.#lost(record, answer.current)
  }

  /** To the key of its hash, under the same id: it is written there first, then ended here. */
  async #move(record: LoadedRecord, next: LoadedRecord, expiresAt: number): Promise<ReplaceResult> {
    // Another request of this session may have moved it before.
    if (!(await this.#insert(next, expiresAt)))
      return this.#lost(next, await this.#load('get', next.key))
    let answer: Replaced = { ok: false, current: undefined }
    try {
      const until = this.#now() + this.#tombstoneTtl
      answer = await this.#swap('set', record, tombstone(until), until)
    } finally {
      if (!answer.ok) await this.rollback(next)
    }
    return answer.ok ? { kind: 'written', record: next } : this.#lost(record, answer.current)
  }

  async revoke(record: LoadedRecord): Promise<boolean> {
    this.#revocations++
    const { id } = record
    let ended = await this.#revokeAt(record.key, record.raw)
    // It may have moved to its hash meanwhile, or be at both keys since a move was cut off.
    for (const key of [this.#envelope.key(id), this.#envelope.legacyKey(id)]) {
      if (key === undefined || key === record.key) continue
      const raw = await this.#load('destroy', key)
      if (raw === undefined || isTombstone(raw)) continue
      ended = (await this.#revokeAt(key, raw)) || ended
    }
    return ended
  }

  #revokeAt(key: string, raw: string): Promise<boolean> {
    const options = { ttl: this.#tombstoneTtl, now: this.#now }
    return replaceByTombstone(this.#ending, key, raw, options)
  }

  async rollback({ key, raw }: LoadedRecord): Promise<void> {
    const past = this.#now()
    try {
      await this.#swap('destroy', { key, raw }, tombstone(past), past)
    } catch {
      // The caller has an error of its own to report.
    }
  }

  async overwrite(id: string, value: string, expiresAt: number): Promise<void> {
    const { key, raw } = this.#record(id, value)
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const current = await this.#load('set', key)
      const done = await this.#guard.call('set', async () => {
        if (current === undefined) return this.#store.create(key, raw, expiresAt)
        return (await this.#store.replace(key, current, raw, expiresAt)).ok
      })
      if (!done) continue
      const legacy = this.#envelope.legacyKey(id)
      if (legacy !== undefined) await this.#guard.call('destroy', () => this.#store.destroy(legacy))
      return
    }
    throw tooManyConflicts()
  }

  isCurrent(record: LoadedRecord): boolean {
    return this.#envelope.isCurrent(record)
  }

  tick(): number {
    return turn() + this.#revocations
  }

  #load(call: 'get' | 'set' | 'destroy', key: string, touch?: number) {
    return this.#guard.call(call, () => this.#store.load(key, touch))
  }

  #swap(
    call: 'set' | 'destroy',
    { key, raw }: { key: string; raw: string },
    next: string,
    expiresAt: number,
  ): Awaitable<Replaced> {
    return this.#guard.call(call, () => this.#store.replace(key, raw, next, expiresAt))
  }

  /** An equal value may be another request's write, so it still counts as a conflict. */
  #lost({ id, key }: LoadedRecord, current: string | undefined): ReplaceResult {
    const found = current === undefined ? MISSING : this.#read(id, key, current)
    return found.kind === 'record' ? { kind: 'conflict', theirs: found.record } : { kind: 'gone' }
  }

  #read(id: string, key: string, raw: string): LookupResult {
    const until = tombstoneUntil(raw)
    if (until !== undefined) return until > this.#now() ? TOMBSTONE : MISSING
    const value = this.#envelope.unwrap(key, raw)
    if (value === undefined) return { kind: 'unreadable' }
    return { kind: 'record', record: new LoadedRecord(this.#format, id, key, raw, value) }
  }

  #record(id: string, value: string): LoadedRecord {
    const key = this.#envelope.key(id)
    return new LoadedRecord(this.#format, id, key, this.#envelope.wrap(key, value), value)
  }
}

const MISSING: LookupResult = { kind: 'missing' }
const TOMBSTONE: LookupResult = { kind: 'tombstone' }

let turns = 0
let isScheduled = false

/** How many turns of the event loop were counted. Only turns in which it is asked count. */
function turn(): number {
  if (!isScheduled) {
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      turns++
    })
  }
  return turns
}
