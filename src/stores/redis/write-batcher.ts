/** The socket of a client, as far as it is used. */
interface Corkable {
  cork(): void
  uncork(): void
}

/**
 * Makes the commands of one turn of the event loop leave in one write: a write for each is most of
 * what ioredis costs. It holds them until `setImmediate`, which comes right after what is being read
 * now, so a lone request waits for nothing. The socket is `client.stream`, which ioredis and iovalkey
 * have without promising it: where it is missing, commands leave as ever.
 */
export class Cork {
  readonly #client: object
  #isHeld = false

  constructor(client: object) {
    this.#client = client
  }

  hold(): void {
    if (this.#isHeld) return
    const stream: unknown = Reflect.get(this.#client, 'stream')
    if (!isCorkable(stream)) return
    this.#isHeld = true
    stream.cork()
    setImmediate(() => {
      this.#isHeld = false
      stream.uncork()
    })
  }
}

function isCorkable(stream: unknown): stream is Corkable {
  if (typeof stream !== 'object' || stream === null) return false
  return ['cork', 'uncork'].every((name) => typeof Reflect.get(stream, name) === 'function')
}
