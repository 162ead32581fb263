import type { Awaitable } from '../../util/async.js'

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

/** What every call asks. */
export type Statements = ReturnType<typeof statements>

export function statements({ table, key, mark }: Dialect) {
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
    // A name without an underscore: postgres.camel would turn it into another one.
    scan: (count: number) =>
      `SELECT ${key}, value, expires_at AS deadline FROM ${table} WHERE ${key} >= ${mark(1)} ` +
      `AND ${key} < ${mark(2)} AND expires_at > ${mark(3)} ORDER BY ${key} LIMIT ${count}`,
  }
}

/** A name as a statement may hold it, whatever is in it. */
export function quoted(name: string, quote = '"'): string {
  return quote + name.replaceAll(quote, quote + quote) + quote
}

export function bytes(text: string): Buffer {
  return Buffer.from(text)
}

/** The text of a binary column, whichever kind of bytes the driver answers. */
export function text(column: unknown): string {
  if (column instanceof Uint8Array)
    return Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString()
  if (column instanceof ArrayBuffer) return Buffer.from(column).toString()
  throw new Error(
    'A column is not binary: was the table made by setup(), or does a type parser change it?',
  )
}
