import Libsql from 'libsql'
import type { SqliteLike } from '../../src/stores/sql/sqlite.js'

export interface SqliteDriver {
  name: string
  open(path: string): SqliteLike & { close(): unknown }
}

export const libsql: SqliteDriver = { name: 'libsql', open: (path) => new Libsql(path) }

/** The drivers that this Node has: libsql, and those that are built into it or installed by hand. */
export async function sqliteDrivers(): Promise<SqliteDriver[]> {
  const drivers = [libsql]
  const builtIn = await load('node:sqlite', 'DatabaseSync')
  if (builtIn) drivers.push({ name: 'node:sqlite', open: (path) => new builtIn(path) })
  const better = await load('better-sqlite3', 'default')
  if (better) drivers.push({ name: 'better-sqlite3', open: (path) => new better(path) })
  return drivers
}

type Constructor = new (path: string) => ReturnType<SqliteDriver['open']>

async function load(module: string, name: string): Promise<Constructor | undefined> {
  try {
    return Reflect.get(await import(/* @vite-ignore */ module), name)
  } catch {
    return undefined
  }
}
