/** A store that can delete what has expired. */
interface Prunable {
  prune(): Promise<unknown>
}

/** Calls `prune` at an interval. It keeps neither the process nor the store alive. */
export class Pruner {
  readonly #timer: NodeJS.Timeout | undefined

  /** `interval` in ms; 0: never. */
  constructor(target: Prunable, interval: number) {
    if (interval === 0) return
    const reference = new WeakRef(target)
    let isPruning = false
    const timer = setInterval(async () => {
      const store = reference.deref()
      if (store === undefined) return clearInterval(timer)
      if (isPruning) return
      isPruning = true
      // Requests report a failing database; the next interval tries again.
      await store.prune().catch(() => undefined)
      isPruning = false
    }, interval)
    this.#timer = timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
