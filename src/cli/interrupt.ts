/** The exit code of a run that SIGINT or SIGTERM ended. */
export const INTERRUPTED = 130

/** Records the first SIGINT or SIGTERM, so that the batch is finished. The second ends the process. */
export class Interrupt {
  requested = false
  readonly #onSignal = (): void => {
    if (this.requested) process.exit(INTERRUPTED)
    this.requested = true
    console.error('\nkoa-sess: finishing this batch; press Ctrl-C again to stop at once')
  }

  constructor() {
    process.on('SIGINT', this.#onSignal)
    process.on('SIGTERM', this.#onSignal)
  }

  dispose(): void {
    process.off('SIGINT', this.#onSignal)
    process.off('SIGTERM', this.#onSignal)
  }
}
