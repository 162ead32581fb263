/** Runs the tasks of one key one after another; tasks of different keys run at the same time. */
export class KeyQueue {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Whether a task of this key runs or waits. */
  isBusy(key: string): boolean {
    return this.#last.has(key)
  }

  /** Settles as `task` does. A task that fails does not stop those behind it. */
  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const result = (this.#last.get(key) ?? Promise.resolve()).then(task)
    const settled = result
      .catch(() => undefined)
      .then(() => {
        // Without this, the Map would keep every key that was ever used.
        if (this.#last.get(key) === settled) this.#last.delete(key)
      })
    this.#last.set(key, settled)
    return result
  }
}
