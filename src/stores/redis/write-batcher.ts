import { hasMethods } from '../../util/shape.js'

/** A socket, as far as it is used. */
interface Corkable {
  cork(): void
  uncork(): void
}

/**
 * Sends the commands of one turn of the event loop in one socket write, as a write for each command is
 * most of what ioredis costs. `setImmediate` runs right after pending reads, so it delays no lone request.
 *
 * The socket is `client.stream`: ioredis and iovalkey have it, but do not document it. Without it,
 * every command is written by itself.
 */
export class WriteBatcher {
  readonly #client: object
  #isBatching = false

  constructor(client: object) {
    this.#client = client
  }

  /** Call before each command: starts a batch unless one is open. */
  batch(): void {
    if (this.#isBatching) return
    const stream: unknown = Reflect.get(this.#client, 'stream')
    if (!isCorkable(stream)) return
    this.#isBatching = true
    stream.cork()
    setImmediate(() => {
      this.#isBatching = false
      stream.uncork()
    })
  }
}

function isCorkable(stream: unknown): stream is Corkable {
  return hasMethods(stream, 'cork', 'uncork')
}
