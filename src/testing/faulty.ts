import { EventEmitter } from 'node:events'
import {
  isSessionStore,
  type LegacyStore,
  type Replaced,
  type SessionStore,
} from '../stores/contract.js'
import { adaptLegacy } from '../stores/legacy/adapter.js'
import { type Awaitable, ignoreRejection } from '../util/async.js'
import type { Fault, Hold, Moment, StoreCall, StoreMethod } from './fault.js'

interface Rule {
  at: 'before' | 'after'
  matches(call: StoreCall): boolean
  apply(call: StoreCall): Awaitable<void>
}

const plannedFailure = () => new Error('FaultyStore: planned failure')

/**
 * Wraps a store and injects faults: calls fail before or after their effect, wait until the test
 * releases them, or find the store down. Calls without a plan are passed on, synchronous ones
 * synchronously. Several plans for one call apply in the order in which they were made.
 *
 * ```
 * const store = new FaultyStore(new MemoryStore())
 * const write = store.hold('replace')
 * const slow = fetch('/save')       // reads, then waits before its write
 * await write.arrived
 * await fetch('/logout')            // ends the session in between
 * write.release()
 * await slow
 * ```
 * @since 1.0.0
 */
export class FaultyStore implements SessionStore {
  /**
   * Every call so far, in order.
   * @example const [first] = faulty.calls
   */
  readonly calls: StoreCall[] = []
  /** Undefined if the wrapped store has no `scan`. */
  readonly scan?: NonNullable<SessionStore['scan']>
  readonly #source: SessionStore | LegacyStore
  readonly #store: SessionStore
  readonly #events = new EventEmitter().setMaxListeners(0)
  readonly #releases = new Set<() => void>()
  #rules: Rule[] = []
  #down: { error: unknown } | undefined

  /**
   * `now` is the clock of the adapter for a store of get, set and destroy. Default `Date.now`.
   * @example const faulty = new FaultyStore(new MemoryStore())
   */
  constructor(
    store: SessionStore | LegacyStore,
    { now = Date.now }: { now?: (() => number) | undefined } = {},
  ) {
    this.#source = store
    this.#store = isSessionStore(store) ? store : adaptLegacy(store, now)
    const scan = this.#store.scan?.bind(this.#store)
    if (scan)
      this.scan = (prefix, ...args) =>
        this.#call({ method: 'scan', key: prefix, args }, () => scan(prefix, ...args))
  }

  load(key: string, touch?: number): Awaitable<string | undefined> {
    return this.#call({ method: 'load', key, args: [touch] }, () => this.#store.load(key, touch))
  }

  create(key: string, value: string, expiresAt: number): Awaitable<boolean> {
    return this.#call({ method: 'create', key, args: [value, expiresAt] }, () =>
      this.#store.create(key, value, expiresAt),
    )
  }

  replace(key: string, expected: string, value: string, expiresAt: number): Awaitable<Replaced> {
    return this.#call({ method: 'replace', key, args: [expected, value, expiresAt] }, () =>
      this.#store.replace(key, expected, value, expiresAt),
    )
  }

  touch(key: string, expiresAt: number): Awaitable<boolean> {
    return this.#call({ method: 'touch', key, args: [expiresAt] }, () =>
      this.#store.touch(key, expiresAt),
    )
  }

  destroy(key: string): Awaitable<boolean> {
    return this.#call({ method: 'destroy', key, args: [] }, () => this.#store.destroy(key))
  }

  on(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#events.on(event, listener)
    this.#source.on?.(event, listener)
    // A listener that is added during an outage would otherwise miss it.
    if (event === 'disconnect' && this.#down) listener()
    return this
  }

  off(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#events.off(event, listener)
    this.#source.off?.(event, listener)
    return this
  }

  get breaks(): number | undefined {
    return this.#store.breaks
  }

  /**
   * Makes `times` matching calls fail, from the `nth` on. Default: only the next. `Infinity`: all.
   * @example faulty.fail('replace', { times: 2 })
   */
  fail(
    method: StoreMethod | 'any',
    {
      times = 1,
      error = plannedFailure(),
      ...moment
    }: Moment & { times?: number | undefined; error?: unknown } = {},
  ): Fault {
    let hits = 0
    const cancel = this.#addRule(method, { ...moment, times }, () => {
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

  /**
   * Makes the next matching call wait until it is released.
   * @example const write = faulty.hold('replace')
   */
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
    // `fail` may come before the call, when nothing awaits the gate yet.
    ignoreRejection(gate)
    this.#addRule(method, { ...moment, times: 1 }, (call) => {
      arrive(call)
      return gate
    })
    this.#releases.add(release)
    return { arrived, release, fail: (error = plannedFailure()) => fail(error) }
  }

  /**
   * Every call fails until `up`, also those that are released later. Emits `disconnect`.
   * @example faulty.down()
   */
  down(error: unknown = new Error('The store is down')): void {
    if (this.#down) return
    this.#down = { error }
    this.#events.emit('disconnect')
  }

  /**
   * Calls work again, on the same data. Emits `connect`.
   * @example faulty.up()
   */
  up(): void {
    if (!this.#down) return
    this.#down = undefined
    this.#events.emit('connect')
  }

  /**
   * Removes every plan, clears `calls`, releases held calls and ends an outage.
   * @example faulty.reset()
   */
  reset(): void {
    this.#rules = []
    for (const release of this.#releases) release()
    this.#releases.clear()
    this.calls.length = 0
    this.up()
  }

  #addRule(
    method: StoreMethod | 'any',
    { at = 'before', nth = 1, times, where = () => true }: Moment & { times: number },
    apply: Rule['apply'],
  ): () => void {
    let seen = 0
    const matches = (call: StoreCall) => {
      if ((method !== 'any' && call.method !== method) || !where(call)) return false
      seen++
      return seen >= nth && seen < nth + times
    }
    const rule = { at, matches, apply }
    this.#rules.push(rule)
    return () => {
      this.#rules = this.#rules.filter((other) => other !== rule)
    }
  }

  #call<T>(call: StoreCall, effect: () => Awaitable<T>): Awaitable<T> {
    this.calls.push(call)
    const rules = this.#rules.filter((rule) => rule.matches(call))
    return rules.length > 0 || this.#down ? this.#callWithRules(call, rules, effect) : effect()
  }

  async #callWithRules<T>(call: StoreCall, rules: Rule[], effect: () => Awaitable<T>): Promise<T> {
    for (const rule of rules) if (rule.at === 'before') await rule.apply(call)
    this.#throwIfDown()
    const answer = await effect()
    for (const rule of rules) if (rule.at === 'after') await rule.apply(call)
    this.#throwIfDown()
    return answer
  }

  #throwIfDown(): void {
    if (this.#down) throw this.#down.error
  }
}
