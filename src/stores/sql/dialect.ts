import type { Awaitable } from '../../util/async.js'

export type Param = Uint8Array | number
export type Row = Record<string, unknown>

/** A database, as far as the store uses it: single statements, each one a transaction. */
export interface SqlClient {
  /** Returns the first row, if there is one. */
  first(statement: string, params: readonly Param[]): Awaitable<Row | undefined>
  /** Returns all rows. */
  rows(statement: string, params: readonly Param[]): Awaitable<readonly Row[]>
  /** Returns how many rows the statement inserted, deleted, or matched for an update. */
  run(statement: string, params: readonly Param[]): Awaitable<number>
}

/** The differences between databases. */
export interface Dialect {
  /** The table as statements name it: quoted, with its schema. */
  table: string
  /** The column `key`, quoted where the word is reserved. */
  key: string
  /** The nth placeholder, from 1. */
  placeholder(n: number): string
  /** Selects a binary column in the form that the client reads. Default: the column as it is. */
  select?: ((column: string) => string) | undefined
  /** Statements that create the table and its index if they do not exist. */
  setup: readonly string[]
  /** Deletes at most `count` rows that expired at the only parameter. */
  prune(count: number): string
}

/** The statements of all calls. */
export type Statements = ReturnType<typeof statements>

export function statements({ table, key, placeholder, select = asIs }: Dialect) {
  const live = (n: number) => `${key} = ${placeholder(n)} AND expires_at > ${placeholder(n + 1)}`
  const extend = `UPDATE ${table} SET expires_at = ${placeholder(1)} WHERE ${live(2)}`
  const insert =
    `INSERT INTO ${table} AS old (${key}, value, expires_at) ` +
    `VALUES (${placeholder(1)}, ${placeholder(2)}, ${placeholder(3)}) ON CONFLICT (${key}) ` +
    'DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at'
  return {
    create: `${insert} WHERE old.expires_at <= ${placeholder(4)}`,
    put: insert,
    load: `SELECT ${select('value')} FROM ${table} WHERE ${live(1)}`,
    touch: extend,
    loadAndTouch: `${extend} RETURNING ${select('value')}`,
    replace:
      `UPDATE ${table} SET value = ${placeholder(1)}, expires_at = ${placeholder(2)} ` +
      `WHERE ${live(3)} AND value = ${placeholder(5)}`,
    destroy: `DELETE FROM ${table} WHERE ${live(1)}`,
    // The alias has no underscore, as postgres.js with its option postgres.camel would rename it.
    scan: (count: number) =>
      `SELECT ${select(key)}, ${select('value')}, expires_at AS deadline FROM ${table} ` +
      `WHERE ${key} >= ${placeholder(1)} AND ${key} < ${placeholder(2)} ` +
      `AND expires_at > ${placeholder(3)} ORDER BY ${table}.${key} LIMIT ${count}`,
  }
}

function asIs(column: string): string {
  return column
}

/** Quotes a name for a statement; any character is allowed in it. */
export function quoteName(name: string, quote = '"'): string {
  return quote + name.replaceAll(quote, quote + quote) + quote
}

export function toBytes(text: string): Buffer {
  return Buffer.from(text)
}

/** The text of a binary column, for each type of bytes that drivers return. */
export function toText(column: unknown): string {
  if (column instanceof Uint8Array)
    return Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString()
  if (column instanceof ArrayBuffer) return Buffer.from(column).toString()
  throw new Error(
    'A column is not binary. Check that setup() created the table, and that no type parser of the driver converts it.',
  )
}
