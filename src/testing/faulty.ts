import { EventEmitter } from 'node:events'
import {
  isSessionStore,
  type LegacyStore,
  type Replaced,
  type SessionStore,
} from '../stores/contract.js'
import { adaptLegacy } from '../stores/legacy/adapter.js'
import type { Awaitable } from '../util/async.js'

export type StoreMethod = 'load' | 'create' | 'replace' | 'touch' | 'destroy' | 'scan'

/** A call as it reached the store. */
export interface StoreCall {
  readonly method: StoreMethod
  /** Of `scan`, the prefix. */
  readonly key: string
  /** What was passed after the key. */
  readonly args: readonly unknown[]
}

/** Which call is meant, and which moment of it. */
export interface Moment {
  /** `before`: nothing has happened yet. `after`: the store did it, only the answer is outstanding. Default `before`. */
  at?: 'before' | 'after' | undefined
  /** 1 is the next such call (the default), 2 the one after it, and so on. */
  nth?: number | undefined
  /** Counts only the calls that it is true for. */
  where?: ((call: StoreCall) => boolean) | undefined
}

/** A call that waits, or will wait. */
export interface Hold {
  /** Resolves once the call has come and waits. */
  readonly arrived: Promise<StoreCall>
  /** Lets the call go on; if it has not come yet, it will not wait. */
  release(): void
  /** Lets the call fail, at the moment where it waits. */
  fail(error?: unknown): void
}

/** A failure that was planned. */
export interface Fault {
  /** How many calls it has hit. */
  readonly hits: number
  cancel(): void
}

interface Rule {
  at: 'before' | 'after'
  takes(call: StoreCall): boolean
  act(call: StoreCall): Awaitable<void>
}

const TOLD = 'The store failed, as it was told to'

/**
 * A store around another one that goes wrong as it is told: calls fail before or after their
 * effect, wait at gates so that a test decides the order of things, or find the store down.
 * Whatever is not planned passes as it is, a synchronous answer synchronously. Plans for one call
 * are carried out in the order in which they were made.
 *
 * ```
 * const store = new FaultyStore(new MemoryStore())
 * const write = store.hold('replace')
 * const slow = fetch('/save')       // reads, and comes to write
 * await write.arrived
 * await fetch('/logout')            // overtakes it
 * write.release()
 * await slow
 * ```
 */
export class FaultyStore implements SessionStore {
  /** Every call so far, the first one first. */
  readonly calls: StoreCall[] = []
  /** Where the store has it. */
  readonly scan?: NonNullable<SessionStore['scan']>
  readonly #source: SessionStore | LegacyStore
  readonly #store: SessionStore
  readonly #events = new EventEmitter().setMaxListeners(0)
  readonly #releases = new Set<() => void>()
  #rules: Rule[] = []
  #down: { error: unknown } | undefined

  /** `now`: the clock, for a store of get, set and destroy, which is adapted as the middleware does it. */
  constructor(
    store: SessionStore | LegacyStore,
    { now = Date.now }: { now?: (() => number) | undefined } = {},
  ) {
    this.#source = store
    this.#store = isSessionStore(store) ? store : adaptLegacy(store, now)
    const scan = this.#store.scan?.bind(this.#store)
    if (scan)
      this.scan = (prefix, ...args) =>
        this.#pass({ method: 'scan', key: prefix, args }, () => scan(prefix, ...args))
  }

  load(key: string, touch?: number): Awaitable<string | undefined> {
    return this.#pass({ method: 'load', key, args: [touch] }, () => this.#store.load(key, touch))
  }

  create(key: string, value: string, expiresAt: number): Awaitable<boolean> {
    return this.#pass({ method: 'create', key, args: [value, expiresAt] }, () =>
      this.#store.create(key, value, expiresAt),
    )
  }

  replace(key: string, expected: string, value: string, expiresAt: number): Awaitable<Replaced> {
    return this.#pass({ method: 'replace', key, args: [expected, value, expiresAt] }, () =>
      this.#store.replace(key, expected, value, expiresAt),
    )
  }

  touch(key: string, expiresAt: number): Awaitable<boolean> {
    return this.#pass({ method: 'touch', key, args: [expiresAt] }, () =>
      this.#store.touch(key, expiresAt),
    )
  }

  destroy(key: string): Awaitable<boolean> {
    return this.#pass({ method: 'destroy', key, args: [] }, () => this.#store.destroy(key))
  }

  on(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#events.on(event, listener)
    this.#source.on?.(event, listener)
    // Whoever comes while the store is down must hear of it too.
    if (event === 'disconnect' && this.#down) listener()
    return this
  }

  off(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#events.off(event, listener)
    this.#source.off?.(event, listener)
    return this
  }

  /** Makes a coming call fail: `times` calls in a row from the `nth` on (`Infinity`: all of them). */
  fail(
    method: StoreMethod | 'any',
    {
      times = 1,
      error = new Error(TOLD),
      ...moment
    }: Moment & { times?: number | undefined; error?: unknown } = {},
  ): Fault {
    let hits = 0
    const cancel = this.#plan(method, { ...moment, times }, () => {
      hits++
      throw error
    })
    return {
      get hits() {
        return hits
      },
      cancel,
    }
  }

  /** Makes a coming call wait until it is let go. */
  hold(method: StoreMethod | 'any', moment: Moment = {}): Hold {
    let arrive = (_call: StoreCall): void => {}
    let release = (): void => {}
    let fail = (_error: unknown): void => {}
    const arrived = new Promise<StoreCall>((resolve) => {
      arrive = resolve
    })
    const gate = new Promise<void>((resolve, reject) => {
      release = resolve
      fail = reject
    })
    // Nobody may be waiting yet when it is told to fail.
    gate.catch(() => undefined)
    this.#plan(method, { ...moment, times: 1 }, (call) => {
      arrive(call)
      return gate
    })
    this.#releases.add(release)
    return { arrived, release, fail: (error = new Error(TOLD)) => fail(error) }
  }

  /** From now on every call fails, and those that are held fail once they are let go. Says `disconnect`. */
  down(error: unknown = new Error('The store is down')): void {
    if (this.#down) return
    this.#down = { error }
    this.#events.emit('disconnect')
  }

  /** It answers again, with all that it held. Says `connect`. */
  up(): void {
    if (!this.#down) return
    this.#down = undefined
    this.#events.emit('connect')
  }

  /** Forgets every plan and every call, lets go what is held, and is up. */
  reset(): void {
    this.#rules = []
    for (const release of this.#releases) release()
    this.#releases.clear()
    this.calls.length = 0
    this.up()
  }

  #plan(
    method: StoreMethod | 'any',
    { at = 'before', nth = 1, times, where = () => true }: Moment & { times: number },
    act: Rule['act'],
  ): () => void {
    let seen = 0
    const takes = (call: StoreCall) => {
      if ((method !== 'any' && call.method !== method) || !where(call)) return false
      seen++
      return seen >= nth && seen < nth + times
    }
    const rule = { at, takes, act }
    this.#rules.push(rule)
    return () => {
      this.#rules = this.#rules.filter((other) => other !== rule)
    }
  }

  #pass<T>(call: StoreCall, effect: () => Awaitable<T>): Awaitable<T> {
    this.calls.push(call)
    const rules = this.#rules.filter((rule) => rule.takes(call))
    return rules.length > 0 || this.#down ? this.#planned(call, rules, effect) : effect()
  }

  async #planned<T>(call: StoreCall, rules: Rule[], effect: () => Awaitable<T>): Promise<T> {
    for (const rule of rules) if (rule.at === 'before') await rule.act(call)
    this.#reach()
    const answer = await effect()
    for (const rule of rules) if (rule.at === 'after') await rule.act(call)
    this.#reach()
    return answer
  }

  #reach(): void {
    if (this.#down) throw this.#down.error
  }
}
