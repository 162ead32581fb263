import { PostgresStore } from 'koa-sess/postgres'
import pg from 'pg'
import { PostgresServer } from '../../test/services/postgres.ts'

export async function openPostgres() {
  const server = await PostgresServer.start()
  const pools = [0, 1].map(() => new pg.Pool({ connectionString: server.url, max: 10 }))
  const [ours, client] = pools
  const store = new PostgresStore({ client: ours, pruneInterval: 0 })
  await store.setup()
  const { rows: versions } = await client.query('SHOW server_version')
  const select = 'SELECT value FROM koa_sess WHERE key = $1'
  const touch = 'UPDATE koa_sess SET expires_at = $1 WHERE key = $2 RETURNING value'
  const update = 'UPDATE koa_sess SET value = $1, expires_at = $2 WHERE key = $3'
  const insert = 'INSERT INTO koa_sess (key, value, expires_at) VALUES ($1, $2, $3)'
  const ask = (statement, ...params) => client.query(statement, params)
  return {
    store,
    raw: {
      read: ({ key }) => ask(select, Buffer.from(key)),
      'rolling read': ({ key, until }) => ask(touch, until, Buffer.from(key)),
      write: ({ key, value, until }) => ask(update, Buffer.from(value), until, Buffer.from(key)),
      create: ({ key, value, until }) => ask(insert, Buffer.from(key), Buffer.from(value), until),
    },
    concurrency: 64,
    versions: { PostgreSQL: versions[0].server_version.split(' ')[0] },
    async bytes() {
      const { rows } = await client.query("SELECT pg_total_relation_size('koa_sess') AS bytes")
      return Number(rows[0].bytes)
    },
    async close() {
      store.close()
      for (const pool of pools) await pool.end()
      await server[Symbol.asyncDispose]()
    },
  }
}
