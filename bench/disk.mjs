// What a session takes on disk in SQLite, and in PostgreSQL and MySQL where POSTGRES_URL and MYSQL_URL
// say where they are: the table and its indexes, freshly filled. node bench/disk.mjs [sessions]
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MysqlStore } from 'koa-sess/mysql'
import { PostgresStore } from 'koa-sess/postgres'
import { SqliteStore } from 'koa-sess/sqlite'
import Libsql from 'libsql'
import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'

const DAY = 86_400_000
const sessions = Number(process.argv[2] ?? 100_000)
const record = 'x'.repeat(300)
const AT_ONCE = 32
const table = `koa_sess_disk_${process.pid}`
const options = { table, pruneInterval: 0 }

async function fill(store) {
  await store.setup()
  let index = 0
  const writer = async () => {
    while (index++ < sessions) {
      const key = `koa:sess:${randomBytes(24).toString('base64url')}`
      await store.create(key, record, Date.now() + DAY)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, writer))
  store.close()
}

function say(name, size) {
  console.log(`${name}: ${Math.round(size / sessions)} bytes a session`)
}

async function sqlite() {
  const folder = mkdtempSync(join(tmpdir(), 'koa-sess-bench-'))
  const file = join(folder, 'sessions.db')
  const client = new Libsql(file)
  // Disks are not what is measured.
  client.prepare('PRAGMA synchronous = OFF').get()
  await fill(new SqliteStore({ client, ...options }))
  client.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
  say('SQLite', statSync(file).size)
  client.close()
  rmSync(folder, { recursive: true })
}

async function postgres(connectionString) {
  const client = new Pool({ connectionString })
  await fill(new PostgresStore({ client, ...options }))
  const { rows } = await client.query(`SELECT pg_total_relation_size('${table}') AS size`)
  say('PostgreSQL', rows[0].size)
  await client.query(`DROP TABLE ${table}`)
  await client.end()
}

async function mysql(url) {
  const client = createPool(url)
  await fill(new MysqlStore({ client, ...options }))
  await client.query(`ANALYZE TABLE ${table}`)
  const [rows] = await client.query(
    'SELECT data_length + index_length AS size FROM information_schema.tables WHERE table_name = ?',
    [table],
  )
  say('MySQL', rows[0].size)
  await client.query(`DROP TABLE ${table}`)
  await client.end()
}

await sqlite()
if (process.env.POSTGRES_URL) await postgres(process.env.POSTGRES_URL)
if (process.env.MYSQL_URL) await mysql(process.env.MYSQL_URL)
