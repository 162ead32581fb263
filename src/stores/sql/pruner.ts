/** A store that can delete what has expired. */
interface Prunable {
  prune(): Promise<unknown>
}

/** Prunes now and then. It keeps neither the process nor the store alive. */
export class Pruner {
  readonly #timer: NodeJS.Timeout | undefined

  /** `every` in ms; 0: never. */
  constructor(target: Prunable, every: number) {
    if (every === 0) return
    const held = new WeakRef(target)
    let isBusy = false
    const timer = setInterval(async () => {
      const store = held.deref()
      if (store === undefined) return clearInterval(timer)
      if (isBusy) return
      isBusy = true
      // Requests learn of a database that fails; the next turn tries again.
      await store.prune().catch(() => undefined)
      isBusy = false
    }, every)
    this.#timer = timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
