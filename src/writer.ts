import { tombstone, tombstoneUntil } from './codec.js'
import { SessionError } from './errors.js'
import type { StoreGate } from './gate.js'
import { busy } from './merge.js'
import type { SessionStore } from './store.js'

// Each lost round means that another request won: this bounds how many may be ahead.
export const MOST_ROUNDS = 256
const MOST_COLLISIONS = 3

let turns = 0
let armed = false

/** A record as a request knows it: where it is, and the exact value last seen there. */
export interface Held {
  id: string
  key: string
  value: string
}

/** `written`, or what somebody else wrote in between, or neither: the record is gone. */
export type Attempt = { written: Held } | { theirs: string } | { gone: true }

/** The store, asked in the ways a commit needs. */
export class Writer {
  #endings = 0

  constructor(
    readonly store: SessionStore,
    readonly gate: StoreGate,
    readonly prefix: string,
    /** How long a tombstone bars the id of a session that ended, in ms. */
    readonly lull: number,
    readonly now: () => number,
  ) {}

  /**
   * Inserts a record under a new id. An id that is taken is never overwritten: another one is made.
   * @throws {SessionError} ERR_SESSION_ID when ids keep colliding.
   */
  async create(newId: () => Promise<string>, value: string, expiresAt: number): Promise<Held> {
    for (let round = 0; round < MOST_COLLISIONS; round++) {
      const id = await newId()
      const held = { id, key: this.prefix + id, value }
      if (await this.#insert(held, expiresAt)) return held
    }
    throw new SessionError(
      'ERR_SESSION_ID',
      'genSid returns ids that exist already: make them random',
    )
  }

  async #insert(held: Held, expiresAt: number): Promise<boolean> {
    try {
      return await this.gate.ask('set', () => this.store.create(held.key, held.value, expiresAt))
    } catch (failure) {
      // It may be there all the same, under an id that nobody will ever be told.
      await this.withdraw(held)
      throw failure
    }
  }

  /** Writes over exactly what was seen, once. */
  async replace(held: Held, value: string, expiresAt: number): Promise<Attempt> {
    const answer = await this.gate.ask('set', () =>
      this.store.replace(held.key, held.value, value, expiresAt),
    )
    if (answer.ok) return { written: { ...held, value } }
    // Even the very same value was written by somebody else: an increment of theirs is none of mine.
    const theirs = live(answer.current)
    return theirs === undefined ? { gone: true } : { theirs }
  }

  /** Ends a record, whoever wrote it last, and bars its id for a moment. False: it was gone already. */
  async end(held: Held): Promise<boolean> {
    this.#endings++
    let expected = held.value
    for (let round = 0; round < MOST_ROUNDS && this.lull > 0; round++) {
      const [seen, until] = [expected, this.now() + this.lull]
      const answer = await this.gate.ask('destroy', () =>
        this.store.replace(held.key, seen, tombstone(until), until),
      )
      if (answer.ok) return true
      const current = live(answer.current)
      if (current === undefined) return false
      expected = current
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

  /** The value under an id; undefined: none, or one that ended. */
  async read(id: string): Promise<string | undefined> {
    const value = await this.gate.ask('get', () => this.store.load(this.prefix + id))
    return live(value)
  }

  /** Writes a record whatever is there. */
  async overwrite(id: string, value: string, expiresAt: number): Promise<void> {
    const key = this.prefix + id
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const current = await this.gate.ask('set', () => this.store.load(key))
      const done = await this.gate.ask('set', async () => {
        if (current === undefined) return this.store.create(key, value, expiresAt)
        return (await this.store.replace(key, current, value, expiresAt)).ok
      })
      if (done) return
    }
    throw busy()
  }

  /** Takes back a record that nobody was told of; only as it was written, and as well as can be. */
  async withdraw({ key, value }: Held): Promise<void> {
    const past = this.now()
    const undo = () => this.store.replace(key, value, tombstone(past), past)
    await this.gate.ask('destroy', undo).catch(() => undefined)
  }
}

/** A tombstone is no record. */
function live(value: string | undefined): string | undefined {
  return value === undefined || tombstoneUntil(value) !== undefined ? undefined : value
}
