import type { SessionEndReason } from './end-reason.js'

/** One connection that holds a session. */
export class Connection {
  readonly #controller = new AbortController()
  readonly #leave: (connection: Connection) => void

  /** `leave`: called when the connection closes. */
  constructor(leave: (connection: Connection) => void) {
    this.#leave = leave
  }

  /** Aborted when the session ends; its reason is a `SessionEndReason`. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** A listener that throws is an uncaught exception of Node, and hinders no other listener. */
  end(reason: SessionEndReason): void {
    this.#controller.abort(reason)
  }

  close(): void {
    this.#leave(this)
  }
}
