import { EventEmitter, once } from 'node:events'

/** Where one handler waits until the test lets it go on. */
export class Gate {
  readonly #events = new EventEmitter()
  /** Settles when the handler has come so far. */
  readonly arrived: Promise<unknown> = once(this.#events, 'arrived')
  readonly #released: Promise<unknown> = once(this.#events, 'released')

  async pass(): Promise<void> {
    this.#events.emit('arrived')
    await this.#released
  }

  release(): void {
    this.#events.emit('released')
  }
}
