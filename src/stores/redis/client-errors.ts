import { removeCommand } from './errors.js'

/**
 * What a client reports by its `error` event: a refused port, a wrong password, a TLS mismatch. A client
 * that has a listener reports it nowhere else, and commands fail with less: "Connection is closed".
 */
export class ClientErrors {
  #last: unknown
  #hasWarned = false

  /** The error since the client was connected last; undefined: there is none. */
  get last(): unknown {
    return this.#last
  }

  /** Keeps an error. Warns at the first one: the requests that fail get it only as `error.cause`. */
  readonly note = (reported: unknown): void => {
    // A Cluster of ioredis reports that no node is left. Its nodes have reported why.
    const isOutcome = Reflect.has(Object(reported), 'lastNodeError')
    if (!isOutcome || this.#last === undefined) this.noteOfNode(reported)
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(
      `The Redis client of a session store reports: ${describe(this.#last)}. Requests with a session get a 503 while it is disconnected. Further errors are not repeated here: listen to the client's error event.`,
      { code: 'KOA_SESS_REDIS_ERROR' },
    )
  }

  /** Keeps the error of one of several servers. */
  readonly noteOfNode = (error: unknown): void => {
    this.#last = removeCommand(error)
  }

  /** Call when the client is connected again. */
  clear(): void {
    this.#last = undefined
  }
}

/** A refused connection to a name with several addresses is an AggregateError without a message. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'an error'
  const code: unknown = Reflect.get(error, 'code')
  return error.message || (typeof code === 'string' ? code : error.name)
}
