import { type Awaitable, andThen, isPromise } from '../../util/async.js'
import { duration } from '../../util/duration.js'
import { BaseStore } from '../base.js'
import { CommandTimeout } from '../command-timeout.js'
import type { Replaced, ScanPage } from '../contract.js'
import {
  type Dialect,
  type Param,
  type Row,
  type SqlClient,
  type Statements,
  statements,
  toBytes,
  toText,
} from './dialect.js'
import { withRetry } from './errors.js'
import { positiveInteger, type SqlStoreOptions } from './options.js'
import { Pruner } from './pruner.js'

/** In messages. */
const SERVER = 'The session database'
// Node runs a timer with a longer delay after 1 ms.
const TIMER_RANGE = { zero: true, most: 2 ** 31 - 1 }
const DEFAULT_PAGE_SIZE = 100
/** How long a batch of `prune` may take at least, in ms: no user waits for it, and it may delete many rows. */
const PRUNE_TIMEOUT = 30_000

/**
 * Stores sessions in one table of an SQL database, safe for any number of processes: every write is one
 * statement that checks and changes, so no transaction is needed. Expiry is compared with the clock of
 * the process, so the clocks of the servers must agree.
 *
 * Calls fail with ERR_SESSION_UNAVAILABLE (503) if the database cannot be reached or is too busy.
 * @since 1.0.0
 */
export abstract class SqlStore extends BaseStore {
  readonly #dialect: Dialect
  readonly #client: SqlClient
  readonly #statements: Statements
  readonly #timeout: CommandTimeout
  readonly #pruneTimeout: CommandTimeout
  readonly #batchSize: number
  readonly #pruner: Pruner

  protected constructor(
    client: SqlClient,
    dialect: Dialect,
    { now, commandTimeout, pruneInterval = 60_000, pruneBatch = 1000 }: SqlStoreOptions,
  ) {
    super(now)
    this.#client = client
    this.#dialect = dialect
    this.#statements = statements(dialect)
    this.#batchSize = positiveInteger('pruneBatch', pruneBatch)
    this.#timeout = new CommandTimeout(commandTimeout, SERVER)
    const pruneLimit = Math.max(this.#timeout.ms, PRUNE_TIMEOUT)
    this.#pruneTimeout = new CommandTimeout(pruneLimit, SERVER, 'the limit of a batch')
    const interval = duration('pruneInterval', pruneInterval, TIMER_RANGE)
    this.#pruner = new Pruner(this, interval, new.target.name)
  }

  /**
   * Creates the table and its index if they do not exist. Several processes may call it at once.
   * @example await sqlStore.setup()
   */
  async setup(): Promise<void> {
    for (const statement of this.#dialect.setup)
      await this.attempt(() => this.#client.run(statement, []))
  }

  load(key: string, touch?: number): Awaitable<string | undefined> {
    const { load, loadAndTouch } = this.#statements
    const found =
      touch === undefined
        ? this.#first(load, [toBytes(key), this.now()])
        : this.#first(loadAndTouch, [Math.ceil(touch), toBytes(key), this.now()])
    return andThen(found, (row) => row && toText(row.value))
  }

  create(key: string, value: string, expiresAt: number): Awaitable<boolean> {
    const row = [toBytes(key), toBytes(value), Math.ceil(expiresAt), this.now()]
    return andThen(this.run(this.#statements.create, row), isOne)
  }

  replace(key: string, expected: string, value: string, expiresAt: number): Awaitable<Replaced> {
    const written = this.run(this.#statements.replace, [
      toBytes(value),
      Math.ceil(expiresAt),
      toBytes(key),
      this.now(),
      toBytes(expected),
    ])
    return andThen(written, (count): Awaitable<Replaced> => {
      if (isOne(count)) return { ok: true }
      return andThen(this.load(key), (current) => ({ ok: false, current }))
    })
  }

  touch(key: string, expiresAt: number): Awaitable<boolean> {
    const params = [Math.ceil(expiresAt), toBytes(key), this.now()]
    return andThen(this.run(this.#statements.touch, params), isOne)
  }

  destroy(key: string): Awaitable<boolean> {
    return andThen(this.run(this.#statements.destroy, [toBytes(key), this.now()]), isOne)
  }

  /** @throws {SessionError} ERR_SESSION_OPTION if `count` is not a whole number above 0. */
  async scan(
    prefix: string,
    cursor?: string,
    count: number = DEFAULT_PAGE_SIZE,
  ): Promise<ScanPage> {
    const start = cursor === undefined ? toBytes(prefix) : Buffer.from(cursor, 'base64url')
    // UTF-8 has no byte 0xff, so all keys with the prefix sort before this end.
    const end = Buffer.concat([toBytes(prefix), Buffer.of(0xff)])
    const statement = this.#statements.scan(positiveInteger('count', count))
    const query = () => this.#client.rows(statement, [start, end, this.now()])
    const rows = await this.withTimeout(this.attempt(query))
    const records = rows.map(({ key, value, deadline }) => ({
      key: toText(key),
      value: toText(value),
      expiresAt: Number(deadline),
    }))
    const last = records.length < count ? undefined : records.at(-1)
    return { records, cursor: last && cursorAfter(last.key) }
  }

  /**
   * Deletes all expired rows, `pruneBatch` of them at a time. Returns how many it deleted. Several
   * processes may call it at once.
   * @throws {SessionError} ERR_SESSION_UNAVAILABLE (503), also for a statement that takes longer than 30 s,
   * or `commandTimeout` if that is longer. With SQLite: for a lock that lasts longer than `commandTimeout`.
   * @example const count = await sqlStore.prune()
   */
  async prune(): Promise<number> {
    const [statement, now] = [this.#dialect.prune(this.#batchSize), this.now()]
    for (let deleted = 0; ; ) {
      const batch = this.attempt(() => this.#client.run(statement, [now]))
      const count = await this.withTimeout(batch, this.#pruneTimeout)
      deleted += count
      if (count < this.#batchSize) return deleted
      // Lets requests run: a synchronous driver would block the event loop for the whole pruning.
      await new Promise(setImmediate)
    }
  }

  /**
   * Stops the regular pruning. Does not close the client.
   * @example sqlStore.close()
   */
  close(): void {
    this.#pruner.stop()
  }

  protected put(key: string, value: string, expiresAt: number): Awaitable<unknown> {
    return this.run(this.#statements.put, [toBytes(key), toBytes(value), Math.ceil(expiresAt)])
  }

  /** Runs a query, again if the database rolled it back. */
  protected attempt<T>(query: () => Awaitable<T>): Awaitable<T> {
    return withRetry(query)
  }

  /** Rejects a promise that takes longer than `commandTimeout`, or another limit. */
  protected withTimeout<T>(result: Awaitable<T>, timeout = this.#timeout): Awaitable<T> {
    return isPromise(result) ? timeout.guard(result) : result
  }

  /** Runs a statement within `commandTimeout`. */
  protected run(statement: string, params: readonly Param[]): Awaitable<number> {
    return this.withTimeout(this.attempt(() => this.#client.run(statement, params)))
  }

  #first(statement: string, params: readonly Param[]): Awaitable<Row | undefined> {
    return this.withTimeout(this.attempt(() => this.#client.first(statement, params)))
  }
}

function isOne(count: number): boolean {
  return count === 1
}

/** A cursor for the keys after `key`: no other key sorts between it and itself plus a zero byte. */
function cursorAfter(key: string): string {
  return Buffer.concat([toBytes(key), Buffer.of(0)]).toString('base64url')
}
