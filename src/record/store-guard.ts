import type { LegacyStore, SessionStore } from '../stores/contract.js'
import { type Awaitable, isPromise } from '../util/async.js'
import { SessionError, unavailable } from '../util/errors.js'

/** Which kind of store call failed: the second argument of `errorHandler`. */
export type StoreCall = 'get' | 'set' | 'destroy'

const VERB: Record<StoreCall, string> = { get: 'read', set: 'write', destroy: 'destroy' }

/** A store call that failed. The option `errorHandler` decides what becomes of the request. */
export class StoreFailure {
  constructor(
    readonly call: StoreCall,
    readonly error: SessionError,
    /** The store may have done what was asked, and could not be looked at afterwards. */
    readonly isUncertain = false,
  ) {}

  asUncertain(): StoreFailure {
    return new StoreFailure(this.call, this.error, true)
  }

  /** Rethrows the error of a store failure, and any other error as it is. */
  static unwrap<T>(answer: Promise<T>): Promise<T> {
    return answer.catch((failure) => {
      throw failure instanceof StoreFailure ? failure.error : failure
    })
  }
}

/**
 * Makes every store call. While the store reports that it is disconnected, calls wait for its
 * `connect`, at most until `timeout` ms after the disconnect. Later calls fail at once until it is back.
 */
export class StoreGuard {
  readonly #source: SessionStore | LegacyStore
  readonly #timeout: number
  #outage: { over: Promise<void>; end: () => void; timer: NodeJS.Timeout } | undefined
  #hasTimedOut = false
  #disconnects = 0

  constructor(source: SessionStore | LegacyStore, timeout: number) {
    this.#source = source
    this.#timeout = timeout
    source.on?.('disconnect', this.#disconnected)
    source.on?.('connect', this.#connected)
  }

  /** @throws {StoreFailure} whose error is ERR_SESSION_STORE, or ERR_SESSION_UNAVAILABLE (503). */
  call<T>(kind: StoreCall, run: () => Awaitable<T>): Awaitable<T> {
    if (this.#outage) return this.#callAfter(this.#outage.over, kind, run)
    try {
      if (this.#hasTimedOut) throw disconnected(this.#reason)
      const answer = run()
      return isPromise(answer) ? orFail(kind, answer) : answer
    } catch (cause) {
      throw failureOf(kind, cause)
    }
  }

  async #callAfter<T>(over: Promise<void>, kind: StoreCall, run: () => Awaitable<T>): Promise<T> {
    await over
    return this.call(kind, run)
  }

  /** Why the store is disconnected, where it says so. */
  get #reason(): unknown {
    return 'lastError' in this.#source ? this.#source.lastError : undefined
  }

  /** A number that changes when a connection to the store broke. */
  get breaks(): number {
    return this.#disconnects + ('breaks' in this.#source ? (this.#source.breaks ?? 0) : 0)
  }

  /** Takes its listeners off the store; calls that wait fail now. */
  close(): void {
    this.#source.off?.('disconnect', this.#disconnected)
    this.#source.off?.('connect', this.#connected)
    this.#hasTimedOut ||= this.#outage !== undefined
    this.#endOutage()
  }

  readonly #disconnected = (): void => {
    this.#disconnects++
    if (this.#outage || this.#hasTimedOut) return
    let end = () => {}
    const over = new Promise<void>((resolve) => {
      end = resolve
    })
    const timer = setTimeout(() => {
      this.#hasTimedOut = true
      this.#endOutage()
    }, this.#timeout)
    // Otherwise an outage would keep an idle process alive.
    timer.unref()
    this.#outage = { over, end, timer }
  }

  readonly #connected = (): void => {
    this.#hasTimedOut = false
    this.#endOutage()
  }

  #endOutage(): void {
    if (!this.#outage) return
    clearTimeout(this.#outage.timer)
    this.#outage.end()
    this.#outage = undefined
  }
}

/** The answer of a store may be a promise of another library. */
function orFail<T>(kind: StoreCall, answer: Promise<T>): Promise<T> {
  return Promise.resolve(answer).catch((cause: unknown) => {
    throw failureOf(kind, cause)
  })
}

function failureOf(kind: StoreCall, cause: unknown): StoreFailure {
  return new StoreFailure(kind, cause instanceof SessionError ? cause : failed(kind, cause))
}

function disconnected(cause: unknown): SessionError {
  return unavailable(
    'The session store is disconnected and did not come back within reconnectTimeout: check the store, and error.cause for what its client reported; requests succeed again once it is back',
    cause,
  )
}

function failed(kind: StoreCall, cause: unknown): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE',
    `The session store failed to ${VERB[kind]} a session: the cause is in error.cause`,
    { cause },
  )
}
