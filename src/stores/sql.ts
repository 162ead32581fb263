import { SessionError } from '../errors.js'
import { duration } from '../expiry.js'
import { type Awaitable, andThen, type Page, type Replaced } from '../store.js'
import { BaseStore } from './base.js'
import { Pruner } from './pruner.js'
import { asked } from './sql-errors.js'

export interface SqlStoreOptions {
  /** The table's name, at most 52 bytes. Default `koa_sess`. */
  table?: string
  /** The clock, in epoch ms. Default `Date.now`; for tests. */
  now?: () => number
  /** How often expired rows are deleted, in ms; 0: never, call `prune()` yourself. Default 60,000. */
  pruneInterval?: number
  /** How many rows one statement of `prune()` deletes at most. Default 1000. */
  pruneBatch?: number
}

export type Param = Uint8Array | number
export type Row = Record<string, unknown>

/** A database as far as the store needs one: single statements, each of them a transaction. */
export interface SqlClient {
  /** The first row, if there is one. */
  first(statement: string, params: readonly Param[]): Awaitable<Row | undefined>
  /** All rows. */
  rows(statement: string, params: readonly Param[]): Awaitable<readonly Row[]>
  /** How many rows the statement inserted, deleted, or matched to update them. */
  run(statement: string, params: readonly Param[]): Awaitable<number>
}

/** Where databases differ. */
export interface Dialect {
  /** The table as statements name it: quoted, with its schema. */
  table: string
  /** The column `key`, quoted where the word is taken. */
  key: string
  /** The nth placeholder, from 1. */
  mark(n: number): string
  /** Make the table and its index where they are not there yet. */
  setup: readonly string[]
  /** Deletes `count` rows at most that expired by the only parameter. */
  prune(count: number): string
}

type Statements = ReturnType<typeof statements>

function statements({ table, key, mark }: Dialect) {
  const live = (n: number) => `${key} = ${mark(n)} AND expires_at > ${mark(n + 1)}`
  const extend = `UPDATE ${table} SET expires_at = ${mark(1)} WHERE ${live(2)}`
  const insert =
    `INSERT INTO ${table} AS old (${key}, value, expires_at) ` +
    `VALUES (${mark(1)}, ${mark(2)}, ${mark(3)}) ON CONFLICT (${key}) ` +
    'DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at'
  return {
    create: `${insert} WHERE old.expires_at <= ${mark(4)}`,
    put: insert,
    load: `SELECT value FROM ${table} WHERE ${live(1)}`,
    touch: extend,
    loadAndTouch: `${extend} RETURNING value`,
    replace:
      `UPDATE ${table} SET value = ${mark(1)}, expires_at = ${mark(2)} ` +
      `WHERE ${live(3)} AND value = ${mark(5)}`,
    destroy: `DELETE FROM ${table} WHERE ${live(1)}`,
    scan: (count: number) =>
      `SELECT ${key}, value, expires_at FROM ${table} WHERE ${key} >= ${mark(1)} ` +
      `AND ${key} < ${mark(2)} AND expires_at > ${mark(3)} ORDER BY ${key} LIMIT ${count}`,
  }
}

const OPTIONS = ['client', 'table', 'now', 'pruneInterval', 'pruneBatch']
const LONGEST_TIMER = 2 ** 31 - 1

/**
 * Sessions in one table of an SQL database, safe among any number of processes: every write is one
 * statement that checks and changes, so there are no transactions to wait for. Deadlines are those
 * of the process: the clocks of servers have to agree.
 */
export abstract class SqlStore extends BaseStore {
  protected readonly dialect: Dialect
  protected readonly client: SqlClient
  readonly #statements: Statements
  readonly #batch: number
  readonly #pruner: Pruner

  protected constructor(
    client: SqlClient,
    dialect: Dialect,
    { now, pruneInterval = 60_000, pruneBatch = 1000 }: SqlStoreOptions,
  ) {
    super(now)
    this.client = client
    this.dialect = dialect
    this.#statements = statements(dialect)
    this.#batch = whole('pruneBatch', pruneBatch)
    const every = duration('pruneInterval', pruneInterval, { zero: true, most: LONGEST_TIMER })
    this.#pruner = new Pruner(this, every)
  }

  /** Creates the table and its index where they are missing; any number of processes may, at once. */
  async setup(): Promise<void> {
    for (const statement of this.dialect.setup) await this.define(statement)
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
    const rows = await asked(() => this.client.rows(statement, params))
    const records = rows.map(({ key, value, expires_at }) => ({
      key: text(key),
      value: text(value),
      expiresAt: Number(expires_at),
    }))
    const last = records.length < count ? undefined : records.at(-1)
    return { records, cursor: last && next(last.key) }
  }

  /**
   * Deletes what has expired, `pruneBatch` rows at a time, and says how many. Any number of processes
   * may, at once.
   */
  async prune(): Promise<number> {
    const [statement, now] = [this.dialect.prune(this.#batch), this.now()]
    for (let pruned = 0; ; ) {
      const count = await this.run(statement, [now])
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
    await this.run(statement)
  }

  protected put(key: string, value: string, expiresAt: number): Awaitable<unknown> {
    return this.run(this.#statements.put, [bytes(key), bytes(value), Math.ceil(expiresAt)])
  }

  protected run(statement: string, params: readonly Param[] = []): Awaitable<number> {
    return asked(() => this.client.run(statement, params))
  }

  #first(statement: string, params: readonly Param[]): Awaitable<Row | undefined> {
    return asked(() => this.client.first(statement, params))
  }
}

/** @throws {SessionError} ERR_SESSION_OPTION for a name that the store does not know. */
export function checkOptions(store: string, options: object, ...more: string[]): void {
  const names = [...OPTIONS, ...more]
  for (const name of Object.keys(options))
    if (!names.includes(name))
      throw new SessionError(
        'ERR_SESSION_OPTION',
        `new ${store}({ ${name} }) is no option: it takes ${names.join(', ')}`,
      )
}

// What PostgreSQL keeps of a name, less what that of the index adds.
const LONGEST_NAME = 52

/** @throws {SessionError} ERR_SESSION_OPTION for what cannot be the name of a table or a schema. */
export function checkName(option: string, name: unknown): void {
  if (typeof name === 'string' && /^[^\0]+$/.test(name) && bytes(name).length <= LONGEST_NAME)
    return
  throw new SessionError(
    'ERR_SESSION_OPTION',
    `${option} must be a name of 1 to ${LONGEST_NAME} bytes without NUL`,
  )
}

/** A name as a statement may hold it, whatever is in it. */
export function quoted(name: string, quote = '"'): string {
  return quote + name.replaceAll(quote, quote + quote) + quote
}

/** Whether a client has what the store asks of it. */
export function hasMethods(client: unknown, ...names: string[]): boolean {
  const isThing = typeof client === 'function' || (typeof client === 'object' && client !== null)
  return isThing && names.every((name) => typeof Reflect.get(client, name) === 'function')
}

function whole(name: string, value: unknown): number {
  if (typeof value === 'number' && value >= 1 && Number.isSafeInteger(value)) return value
  throw new SessionError('ERR_SESSION_OPTION', `${name} must be a whole number above 0`)
}

function isOne(count: number): boolean {
  return count === 1
}

function bytes(text: string): Buffer {
  return Buffer.from(text)
}

/** The text of a binary column, whichever kind of bytes the driver answers. */
function text(column: unknown): string {
  if (column instanceof Uint8Array)
    return Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString()
  if (column instanceof ArrayBuffer) return Buffer.from(column).toString()
  throw new Error(
    'A column is not binary: was the table made by setup(), or does a type parser change it?',
  )
}

/** The key that comes right after another one, for a cursor. */
function next(key: string): string {
  return Buffer.concat([bytes(key), Buffer.of(0)]).toString('base64url')
}
