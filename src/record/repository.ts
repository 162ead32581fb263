import type { Replaced, SessionStore } from '../stores/contract.js'
import { type Awaitable, andThen } from '../util/async.js'
import { SessionError } from '../util/errors.js'
import type { Held, Vault } from './envelope.js'
import { busy } from './merge.js'
import type { StoreGate } from './store-guard.js'
import { tombstone, tombstoneUntil } from './tombstone.js'

// Each lost round means that another request won: this bounds how many may be ahead.
export const MOST_ROUNDS = 256
const MOST_COLLISIONS = 3

let turns = 0
let armed = false

/** `written`, or what somebody else wrote in between, or neither: the record is gone. */
export type Attempt = { written: Held } | { theirs: Held } | { gone: true }

/** What stands at a key: a record, one that ended (until then in epoch ms), or one that no key opens. */
export type Seen = { held: Held } | { key: string; until: number } | { unreadable: true }

/** The store, asked in the ways a commit needs. */
export class Writer {
  #endings = 0

  constructor(
    readonly store: SessionStore,
    readonly gate: StoreGate,
    readonly vault: Vault,
    /** How long a tombstone bars the id of a session that ended, in ms. */
    readonly lull: number,
    readonly now: () => number,
  ) {}

  /** What stands under an id; `touch` moves its deadline in the same call. */
  find(id: string, touch?: number): Awaitable<Seen | undefined> {
    const found = this.#findAt(id, this.vault.key(id), touch)
    return andThen(found, (seen) => {
      const older = seen ? undefined : this.vault.olderKey(id)
      return older === undefined ? seen : this.#findAt(id, older, touch)
    })
  }

  #findAt(id: string, key: string, touch: number | undefined): Awaitable<Seen | undefined> {
    const raw = this.gate.ask('get', () => this.store.load(key, touch))
    return andThen(raw, (text) => (text === undefined ? undefined : this.#seen(id, key, text)))
  }

  /** The live record of an id. */
  async read(id: string): Promise<Held | undefined> {
    const seen = await this.find(id)
    return seen && 'held' in seen ? seen.held : undefined
  }

  /**
   * Inserts a record under a new id. An id that is taken is never overwritten: another one is made.
   * @throws {SessionError} ERR_SESSION_ID when ids keep colliding; ERR_SESSION_SIZE.
   */
  async create(newId: () => Promise<string>, value: string, expiresAt: number): Promise<Held> {
    for (let round = 0; round < MOST_COLLISIONS; round++) {
      const held = this.#pack(await newId(), value)
      if (await this.#insert(held, expiresAt)) return held
    }
    throw new SessionError(
      'ERR_SESSION_ID',
      'genSid returns ids that exist already: make them random',
    )
  }

  async #insert(held: Held, expiresAt: number): Promise<boolean> {
    try {
      return await this.gate.ask('set', () => this.store.create(held.key, held.raw, expiresAt))
    } catch (failure) {
      // It may be there all the same, under an id that nobody will ever be told.
      await this.withdraw(held)
      throw failure
    }
  }

  /**
   * Writes over exactly what was seen, once.
   * @throws {SessionError} ERR_SESSION_SIZE
   */
  async replace(held: Held, value: string, expiresAt: number): Promise<Attempt> {
    const next = this.#pack(held.id, value)
    if (held.key !== next.key) return this.#move(held, next, expiresAt)
    const answer = await this.#swap('set', held, next.raw, expiresAt)
    return answer.ok ? { written: next } : this.#lost(held, answer.current)
  }

  /** To the key of its hash, under the same id: there first, and only then away from here. */
  async #move(held: Held, next: Held, expiresAt: number): Promise<Attempt> {
    if (!(await this.#insert(next, expiresAt))) {
      // Another request of this session moved it before.
      const current = await this.gate.ask('get', () => this.store.load(next.key))
      return this.#lost(next, current)
    }
    let answer: Replaced = { ok: false, current: undefined }
    try {
      const until = this.now() + this.lull
      answer = await this.#swap('set', held, tombstone(until), until)
    } finally {
      if (!answer.ok) await this.withdraw(next)
    }
    return answer.ok ? { written: next } : this.#lost(held, answer.current)
  }

  /** Ends a record, whoever wrote it last, and bars its id for a moment. False: it was gone already. */
  async end(held: Held): Promise<boolean> {
    this.#endings++
    let ended = await this.#endAt(held)
    // It may have been moved to its hash meanwhile, or stand at both keys since a move was cut off.
    for (const key of [this.vault.key(held.id), this.vault.olderKey(held.id)]) {
      if (key === undefined || key === held.key) continue
      const raw = await this.gate.ask('destroy', () => this.store.load(key))
      if (raw === undefined || tombstoneUntil(raw) !== undefined) continue
      ended = (await this.#endAt({ ...held, key, raw })) || ended
    }
    return ended
  }

  async #endAt(held: Held): Promise<boolean> {
    let expected = held
    for (let round = 0; round < MOST_ROUNDS && this.lull > 0; round++) {
      const until = this.now() + this.lull
      const answer = await this.#swap('destroy', expected, tombstone(until), until)
      if (answer.ok) return true
      if (answer.current === undefined || tombstoneUntil(answer.current) !== undefined) return false
      expected = { ...held, raw: answer.current }
    }
    return this.gate.ask('destroy', () => this.store.destroy(held.key))
  }

  /**
   * A number that only grows: with every turn of the event loop, and with every session that is
   * ended here. Two equal answers mean that what the store said in between still stands, as far as
   * anybody could see.
   */
  moment(): number {
    if (!armed) {
      armed = true
      setImmediate(() => {
        armed = false
        turns++
      })
    }
    return turns + this.#endings
  }

  /** Writes a record whatever is there. */
  async overwrite(id: string, value: string, expiresAt: number): Promise<void> {
    const { key, raw } = this.#pack(id, value)
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const current = await this.gate.ask('set', () => this.store.load(key))
      const done = await this.gate.ask('set', async () => {
        if (current === undefined) return this.store.create(key, raw, expiresAt)
        return (await this.store.replace(key, current, raw, expiresAt)).ok
      })
      if (!done) continue
      const older = this.vault.olderKey(id)
      if (older !== undefined) await this.gate.ask('destroy', () => this.store.destroy(older))
      return
    }
    throw busy()
  }

  /** Takes back a record that nobody was told of; only as it was written, and as well as can be. */
  async withdraw(held: Held): Promise<void> {
    const past = this.now()
    try {
      await this.#swap('destroy', held, tombstone(past), past)
    } catch {
      // Who withdraws has an error of its own to tell.
    }
  }

  #swap(
    call: 'set' | 'destroy',
    { key, raw }: Held,
    next: string,
    expiresAt: number,
  ): Awaitable<Replaced> {
    return this.gate.ask(call, () => this.store.replace(key, raw, next, expiresAt))
  }

  // Even the very same value was written by somebody else: an increment of theirs is none of mine.
  #lost({ id, key }: Held, current: string | undefined): Attempt {
    const seen = current === undefined ? undefined : this.#seen(id, key, current)
    return seen && 'held' in seen ? { theirs: seen.held } : { gone: true }
  }

  #seen(id: string, key: string, raw: string): Seen {
    const until = tombstoneUntil(raw)
    if (until !== undefined) return { key, until }
    const value = this.vault.unpack(key, raw)
    return value === undefined ? { unreadable: true } : { held: { id, key, raw, value } }
  }

  #pack(id: string, value: string): Held {
    const key = this.vault.key(id)
    return { id, key, raw: this.vault.pack(key, value), value }
  }
}
