import { SessionError } from '../../util/errors.js'

/** How the check asks a client. */
export interface DatabaseOptions {
  /** The index of the database that the client is to use. */
  index(): number
  /** Identifies the current connection; changes at a reconnect. */
  connectionId(): unknown
  select(index: string): Promise<unknown>
}

/**
 * Checks that the server has the database that the client is to use. ioredis and iovalkey report a
 * refused SELECT only as an `error` event, and then work in database 0, among the keys of others.
 * node-redis does so with the commands that wait for its connection.
 *
 * It costs one command a connection, and none for database 0.
 */
export class DatabaseCheck {
  readonly #client: DatabaseOptions
  #connection: unknown
  #pending: Promise<void> | undefined

  constructor(client: DatabaseOptions) {
    this.#client = client
  }

  /** Runs `work` once the connection is checked. */
  run(work: () => Promise<unknown>): Promise<unknown> {
    const checked = this.#check()
    return checked ? checked.then(work) : work()
  }

  /**
   * Undefined: the connection was checked.
   * @throws {SessionError} ERR_SESSION_STORE if there is no such database.
   */
  #check(): Promise<void> | undefined {
    const index = this.#client.index()
    if (index === 0) return undefined
    const connection = this.#client.connectionId()
    if (connection !== undefined && connection === this.#connection) return undefined
    this.#pending ??= this.#select(index).finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  async #select(index: number): Promise<void> {
    try {
      await this.#client.select(`${index}`)
    } catch (cause) {
      if (!(cause instanceof Error) || !/^ERR .*\b(?:DB|SELECT)\b/.test(cause.message)) throw cause
      throw new SessionError(
        'ERR_SESSION_STORE',
        `Redis has no database ${index}, and the client would use database 0 instead. Correct the index in the options of the client, or raise the setting databases of the server.`,
        { cause },
      )
    }
    this.#connection = this.#client.connectionId()
  }
}

/** An index of a database in options; 0: none is given. */
export function indexOf(value: unknown): number {
  const index = Number(value ?? 0)
  return Number.isInteger(index) ? index : 0
}
