import { channel } from 'node:diagnostics_channel'

/** A store that can delete what has expired. */
interface Prunable {
  prune(): Promise<unknown>
}

/** What `koa-sess:prune-failed` of `node:diagnostics_channel` publishes. */
export interface PruneFailure {
  event: 'prune-failed'
  /** The class of the store. */
  store: string
  /** How often it failed since it last succeeded. */
  failures: number
  error: unknown
}

const failed = channel('koa-sess:prune-failed')

/** One failure may be a restart of the database. So many in a row are a warning. */
const FAILURES_BEFORE_WARNING = 3

/**
 * Calls `prune` at an interval. It keeps neither the process nor the store alive. Each failure is an event;
 * several in a row are one warning for each store, as its table grows without end.
 */
export class Pruner {
  readonly #timer: NodeJS.Timeout | undefined
  readonly #name: string
  #failures = 0
  #hasWarned = false

  /**
   * @param interval In ms; 0: never.
   * @param name The class of the store, for the warning.
   */
  constructor(target: Prunable, interval: number, name: string) {
    this.#name = name
    if (interval === 0) return
    const reference = new WeakRef(target)
    let isPruning = false
    const timer = setInterval(async () => {
      const store = reference.deref()
      if (store === undefined) return clearInterval(timer)
      if (isPruning) return
      isPruning = true
      await store.prune().then(this.#succeeded, this.#failed)
      isPruning = false
    }, interval)
    this.#timer = timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  readonly #succeeded = (): void => {
    this.#failures = 0
  }

  readonly #failed = (error: unknown): void => {
    this.#failures++
    const notice: PruneFailure = {
      event: 'prune-failed',
      store: this.#name,
      failures: this.#failures,
      error,
    }
    failed.publish(notice)
    if (this.#failures < FAILURES_BEFORE_WARNING || this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(
      `The ${this.#name} failed to delete expired sessions ${this.#failures} times in a row, so its table grows: ${reasonOf(error)}. Expired sessions stay ended.`,
      { code: 'KOA_SESS_PRUNE_FAILED' },
    )
  }
}

/** The errors of a store hold no ids and no data. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it threw no Error'
  const { cause } = error
  return cause instanceof Error ? cause.message : error.message
}
