import { type Awaitable, andThen, isPromise } from '../../util/async.js'
import { duration } from '../../util/duration.js'
import { BaseStore } from '../base.js'
import { Timeout } from '../command-timeout.js'
import type { Page, Replaced } from '../contract.js'
import {
  bytes,
  type Dialect,
  type Param,
  type Row,
  type SqlClient,
  type Statements,
  statements,
  text,
} from './dialect.js'
import { asked } from './errors.js'
import { type SqlStoreOptions, whole } from './options.js'
import { Pruner } from './pruner.js'

// More would be taken for 1 ms.
const TIMER = { zero: true, most: 2 ** 31 - 1 }

/**
 * Sessions in one table of an SQL database, safe among any number of processes: every write is one
 * statement that checks and changes, so there are no transactions to wait for. Deadlines are those
 * of the process: the clocks of servers have to agree.
 */
export abstract class SqlStore extends BaseStore {
  readonly #dialect: Dialect
  readonly #client: SqlClient
  readonly #statements: Statements
  readonly #timeout: Timeout
  readonly #batch: number
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
    this.#batch = whole('pruneBatch', pruneBatch)
    this.#timeout = new Timeout(commandTimeout, 'The session database')
    const every = duration('pruneInterval', pruneInterval, TIMER)
    this.#pruner = new Pruner(this, every)
  }

  /** Creates the table and its index where they are missing; any number of processes may, at once. */
  async setup(): Promise<void> {
    for (const statement of this.#dialect.setup) await this.define(statement)
  }

  load(key: string, touch?: number): Awaitable<string | undefined> {
    const { load, loadAndTouch } = this.#statements
    const found =
      touch === undefined
        ? this.#first(load, [bytes(key), this.now()])
        : this.#first(loadAndTouch, [Math.ceil(touch), bytes(key), this.now()])
    return andThen(found, (row) => row && text(row.value))
  }

  create(key: string, value: string, expiresAt: number): Awaitable<boolean> {
    const row = [bytes(key), bytes(value), Math.ceil(expiresAt), this.now()]
    return andThen(this.run(this.#statements.create, row), isOne)
  }

  replace(key: string, expected: string, value: string, expiresAt: number): Awaitable<Replaced> {
    const found = [bytes(key), this.now(), bytes(expected)]
    const written = this.run(this.#statements.replace, [
      bytes(value),
      Math.ceil(expiresAt),
      ...found,
    ])
    return andThen(written, (count): Awaitable<Replaced> => {
      if (isOne(count)) return { ok: true }
      return andThen(this.load(key), (current) => ({ ok: false, current }))
    })
  }

  touch(key: string, expiresAt: number): Awaitable<boolean> {
    const params = [Math.ceil(expiresAt), bytes(key), this.now()]
    return andThen(this.run(this.#statements.touch, params), isOne)
  }

  destroy(key: string): Awaitable<boolean> {
    return andThen(this.run(this.#statements.destroy, [bytes(key), this.now()]), isOne)
  }

  async scan(prefix: string, cursor?: string, count = 100): Promise<Page> {
    const from = cursor === undefined ? bytes(prefix) : Buffer.from(cursor, 'base64url')
    // No byte of UTF-8 is 0xff: all keys of the prefix come before it.
    const params = [from, Buffer.concat([bytes(prefix), Buffer.of(0xff)]), this.now()]
    const statement = this.#statements.scan(whole('count', count))
    const rows = await asked(() => this.#client.rows(statement, params))
    const records = rows.map(({ key, value, deadline }) => ({
      key: text(key),
      value: text(value),
      expiresAt: Number(deadline),
    }))
    const last = records.length < count ? undefined : records.at(-1)
    return { records, cursor: last && next(last.key) }
  }

  /**
   * Deletes what has expired, `pruneBatch` rows at a time, and says how many. Any number of processes
   * may, at once.
   */
  async prune(): Promise<number> {
    const [statement, now] = [this.#dialect.prune(this.#batch), this.now()]
    for (let pruned = 0; ; ) {
      const count = await asked(() => this.#client.run(statement, [now]))
      pruned += count
      if (count < this.#batch) return pruned
      // Others' turn: where the database is in the process, it answers without giving them one.
      await new Promise(setImmediate)
    }
  }

  /** Ends the pruning now and then; the client is yours to end. */
  close(): void {
    this.#pruner.stop()
  }

  /** One statement of the setup. */
  protected async define(statement: string): Promise<void> {
    await asked(() => this.#client.run(statement, []))
  }

  protected put(key: string, value: string, expiresAt: number): Awaitable<unknown> {
    return this.run(this.#statements.put, [bytes(key), bytes(value), Math.ceil(expiresAt)])
  }

  /** Runs a statement of a request. */
  protected run(statement: string, params: readonly Param[]): Awaitable<number> {
    return this.#inTime(asked(() => this.#client.run(statement, params)))
  }

  #first(statement: string, params: readonly Param[]): Awaitable<Row | undefined> {
    return this.#inTime(asked(() => this.#client.first(statement, params)))
  }

  #inTime<T>(answer: Awaitable<T>): Awaitable<T> {
    return isPromise(answer) ? this.#timeout.guard(answer) : answer
  }
}

function isOne(count: number): boolean {
  return count === 1
}

/** The key that comes right after another one, for a cursor. */
function next(key: string): string {
  return Buffer.concat([bytes(key), Buffer.of(0)]).toString('base64url')
}
