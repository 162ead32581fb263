import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SqliteStore } from 'koa-sess/sqlite'
import Database from 'libsql'

export async function openSqlite() {
  const folder = mkdtempSync(join(tmpdir(), 'koa-sess-bench-'))
  const file = join(folder, 'sessions.db')
  const client = new Database(file)
  const store = new SqliteStore({ client, pruneInterval: 0 })
  await store.setup()
  const select = client.prepare('SELECT value FROM koa_sess WHERE key = ?')
  const touch = client.prepare('UPDATE koa_sess SET expires_at = ? WHERE key = ? RETURNING value')
  const update = client.prepare('UPDATE koa_sess SET value = ?, expires_at = ? WHERE key = ?')
  const insert = client.prepare('INSERT INTO koa_sess (key, value, expires_at) VALUES (?, ?, ?)')
  return {
    store,
    raw: {
      // In an array, as libsql takes a single Buffer for named parameters.
      read: ({ key }) => select.get([Buffer.from(key)]),
      'rolling read': ({ key, until }) => touch.get(until, Buffer.from(key)),
      write: ({ key, value, until }) => update.run(Buffer.from(value), until, Buffer.from(key)),
      create: ({ key, value, until }) => insert.run(Buffer.from(key), Buffer.from(value), until),
    },
    concurrency: 1,
    versions: {},
    bytes() {
      client.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all()
      return statSync(file).size
    },
    close() {
      store.close()
      client.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
