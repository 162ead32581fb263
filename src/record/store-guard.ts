import type { LegacyStore, SessionStore } from '../stores/contract.js'
import { type Awaitable, isPromise } from '../util/async.js'
import { SessionError, unavailable } from '../util/errors.js'

/** Which kind of store call failed, as `errorHandler` is told. */
export type StoreCall = 'get' | 'set' | 'destroy'

const VERB: Record<StoreCall, string> = { get: 'read', set: 'write', destroy: 'destroy' }

/** A store that failed, and at what: what `errorHandler` may decide about. */
export class StoreFailure {
  constructor(
    readonly call: StoreCall,
    readonly error: SessionError,
  ) {}
}

/**
 * Every store call passes here. While the store says that it is disconnected, calls wait for its
 * `connect`, at most until `timeout` ms after the disconnect; then they fail at once until it is back.
 */
export class StoreGate {
  readonly #source: SessionStore | LegacyStore
  readonly #timeout: number
  #outage: { over: Promise<void>; end: () => void; timer: NodeJS.Timeout } | undefined
  #late = false

  constructor(source: SessionStore | LegacyStore, timeout: number) {
    this.#source = source
    this.#timeout = timeout
    source.on?.('disconnect', this.#disconnected)
    source.on?.('connect', this.#connected)
  }

  /** @throws {StoreFailure} whose error is ERR_SESSION_STORE, or ERR_SESSION_UNAVAILABLE (503). */
  ask<T>(call: StoreCall, question: () => Awaitable<T>): Awaitable<T> {
    if (this.#outage) return this.#outage.over.then(() => this.ask(call, question))
    const fail = (cause: unknown): never => {
      throw new StoreFailure(call, cause instanceof SessionError ? cause : failed(call, cause))
    }
    try {
      if (this.#late) throw away()
      const answer = question()
      // A store that answers at once costs nobody a turn.
      return isPromise(answer) ? Promise.resolve(answer).catch(fail) : answer
    } catch (cause) {
      return fail(cause)
    }
  }

  /** Leaves the store's events, and lets whoever still waits fail now. */
  close(): void {
    this.#source.off?.('disconnect', this.#disconnected)
    this.#source.off?.('connect', this.#connected)
    this.#late ||= this.#outage !== undefined
    this.#settle()
  }

  readonly #disconnected = (): void => {
    if (this.#outage || this.#late) return
    let end = () => {}
    const over = new Promise<void>((resolve) => {
      end = resolve
    })
    const timer = setTimeout(() => {
      this.#late = true
      this.#settle()
    }, this.#timeout)
    // An outage must not keep a process alive that has nothing else to do.
    timer.unref()
    this.#outage = { over, end, timer }
  }

  readonly #connected = (): void => {
    this.#late = false
    this.#settle()
  }

  #settle(): void {
    if (!this.#outage) return
    clearTimeout(this.#outage.timer)
    this.#outage.end()
    this.#outage = undefined
  }
}

function away(): SessionError {
  return unavailable(
    'The session store is disconnected and did not come back within reconnectTimeout: see to the store, requests go on by themselves once it is back',
  )
}

function failed(call: StoreCall, cause: unknown): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE',
    `The session store failed to ${VERB[call]} a session: the cause is in error.cause`,
    { cause },
  )
}
