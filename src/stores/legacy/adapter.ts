import { tombstone, tombstoneUntil } from '../../record/tombstone.js'
import { isEncodable, parseObject } from '../../util/json.js'
import type { LegacyStore, Replaced, SessionStore, StoredSession } from '../contract.js'

/**
 * A store of `get`, `set` and `destroy` behind the contract of this package. It has no
 * compare-and-set, so one is made of a read and a write, one after another for each key: as good
 * as the real thing among the requests of this process, and only a narrower gap among several.
 * What bars the id of an ended session is known to this process alone.
 */
export function adaptLegacy(source: LegacyStore, now: () => number): SessionStore {
  return new LegacyAdapter(source, now)
}

class LegacyAdapter implements SessionStore {
  readonly #source: LegacyStore
  readonly #now: () => number
  readonly #turns = new Map<string, Promise<unknown>>()
  // In the order of their deadlines, as all of them last equally long.
  readonly #barred = new Map<string, number>()

  constructor(source: LegacyStore, now: () => number) {
    this.#source = source
    this.#now = now
  }

  load(key: string, touch?: number): Promise<string | undefined> {
    if (touch === undefined) return this.#read(key)
    return this.#inTurn(key, async () => {
      const value = await this.#read(key)
      if (value !== undefined) await this.#extend(key, value, touch)
      return value
    })
  }

  create(key: string, value: string, expiresAt: number): Promise<boolean> {
    return this.#inTurn(key, async () => {
      if ((await this.#read(key)) !== undefined) return false
      await this.#write(key, value, expiresAt)
      return true
    })
  }

  replace(key: string, expected: string, value: string, expiresAt: number): Promise<Replaced> {
    return this.#inTurn(key, async () => {
      const current = await this.#read(key)
      if (current !== expected) return { ok: false, current }
      await this.#write(key, value, expiresAt)
      return { ok: true }
    })
  }

  touch(key: string, expiresAt: number): Promise<boolean> {
    return this.#inTurn(key, async () => {
      const value = await this.#read(key)
      if (value !== undefined) await this.#extend(key, value, expiresAt)
      return value !== undefined
    })
  }

  destroy(key: string): Promise<boolean> {
    return this.#inTurn(key, async () => {
      const live = (await this.#read(key)) !== undefined
      this.#barred.delete(key)
      await this.#destroy(key)
      return live
    })
  }

  async #read(key: string): Promise<string | undefined> {
    const until = this.#barred.get(key)
    if (until !== undefined && until > this.#now()) return tombstone(until)
    const session = await this.#get(key).catch(absent)
    if (!session) return undefined
    if (typeof session === 'object')
      return isEncodable(session) ? JSON.stringify(session) : undefined
    if (typeof session !== 'string') return undefined
    return parseObject(session) && session
  }

  /** Async, as a store may throw at once. */
  async #get(key: string): Promise<unknown> {
    return settle(this.#source.get(key))
  }

  async #write(key: string, value: string, expiresAt: number): Promise<void> {
    const until = tombstoneUntil(value)
    const ttl = expiresAt - this.#now()
    if (until !== undefined) {
      // Before the store knows, as a read in between must not find the id free; not for longer than it
      // says itself, as a rolling read moves every deadline.
      this.#bar(key, Math.min(until, expiresAt))
      await this.#destroy(key).catch((error) => {
        this.#barred.delete(key)
        throw error
      })
    } else if (ttl <= 0) await this.#destroy(key)
    else await settle(this.#source.set(key, revive(value), ttl))
  }

  async #extend(key: string, value: string, expiresAt: number): Promise<void> {
    const ttl = expiresAt - this.#now()
    if (!this.#source.touchSession || ttl <= 0 || tombstoneUntil(value) !== undefined)
      return this.#write(key, value, expiresAt)
    await settle(this.#source.touchSession(key, revive(value), ttl))
  }

  async #destroy(key: string): Promise<void> {
    await settle(this.#source.destroy(key))
  }

  #bar(key: string, until: number): void {
    for (const [ended, past] of this.#barred) {
      if (past > this.#now()) break
      this.#barred.delete(ended)
    }
    this.#barred.delete(key)
    this.#barred.set(key, until)
  }

  /** One after another for each key; the last one takes the queue away. */
  #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#turns.get(key) ?? Promise.resolve()).then(work)
    const turn = done
      .catch(() => undefined)
      .then(() => {
        if (this.#turns.get(key) === turn) this.#turns.delete(key)
      })
    this.#turns.set(key, turn)
    return done
  }
}

// Some file stores say "no such session" in the words of the file system; but a server whose socket is
// not there is a failure.
function absent(error: unknown): undefined {
  if (!(error instanceof Error) || Reflect.get(error, 'code') !== 'ENOENT') throw error
  if (Reflect.get(error, 'syscall') === 'connect') throw error
  return undefined
}

/** A session as older stores know it: an object, and `cookie.expires` a Date. */
function revive(value: string): StoredSession {
  const session: StoredSession = JSON.parse(value)
  const { cookie } = session
  if (
    typeof cookie === 'object' &&
    cookie !== null &&
    'expires' in cookie &&
    typeof cookie.expires === 'string'
  ) {
    cookie.expires = new Date(cookie.expires)
  }
  return session
}

type Thunk = (callback: (error: unknown, value?: unknown) => void) => void

/** The value of an answer, whichever way it is given: plain, a promise, a thunk or a generator. */
async function settle(answer: unknown): Promise<unknown> {
  if (isGeneratorFunction(answer)) return run(answer())
  if (typeof answer === 'function') return fromThunk(answer as Thunk)
  return isGenerator(answer) ? run(answer) : answer
}

// As co does it; a list that a method returns is no session.
async function settleYielded(value: unknown): Promise<unknown> {
  return Array.isArray(value) ? Promise.all(value.map(settleYielded)) : settle(value)
}

function fromThunk(thunk: Thunk): Promise<unknown> {
  return new Promise((resolve, reject) => {
    thunk((error, value) => (error ? reject(error) : resolve(value)))
  })
}

function isGeneratorFunction(value: unknown): value is GeneratorFunction {
  return Object.prototype.toString.call(value) === '[object GeneratorFunction]'
}

function isGenerator(value: unknown): value is Generator<unknown, unknown, unknown> {
  if (typeof value !== 'object' || value === null) return false
  return (
    typeof Reflect.get(value, 'next') === 'function' &&
    typeof Reflect.get(value, 'throw') === 'function'
  )
}

async function run(generator: Generator<unknown, unknown, unknown>): Promise<unknown> {
  let step = generator.next()
  while (!step.done) {
    try {
      const value = await settleYielded(step.value)
      step = generator.next(value)
    } catch (error) {
      step = generator.throw(error)
    }
  }
  return step.value
}
