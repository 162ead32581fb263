import { MysqlStore } from 'koa-sess/mysql'
import { createPool } from 'mysql2/promise'
import { MariadbServer } from '../../test/services/mariadb.ts'

export async function openMysql() {
  const server = await MariadbServer.start()
  const pools = [0, 1].map(() => createPool({ uri: server.url, connectionLimit: 10 }))
  const [ours, client] = pools
  const store = new MysqlStore({ client: ours, pruneInterval: 0 })
  await store.setup()
  const [[{ version }]] = await client.query('SELECT version() AS version')
  const select = 'SELECT value FROM koa_sess WHERE `key` = ?'
  const touch = 'UPDATE koa_sess SET expires_at = ? WHERE `key` = ?'
  const update = 'UPDATE koa_sess SET value = ?, expires_at = ? WHERE `key` = ?'
  const insert = 'INSERT INTO koa_sess (`key`, value, expires_at) VALUES (?, ?, ?)'
  const size =
    "SELECT data_length + index_length AS bytes FROM information_schema.tables WHERE table_name = 'koa_sess'"
  const ask = (statement, ...params) => client.execute(statement, params)
  return {
    store,
    raw: {
      read: ({ key }) => ask(select, Buffer.from(key)),
      async 'rolling read'({ key, until }) {
        await ask(select, Buffer.from(key))
        await ask(touch, until, Buffer.from(key))
      },
      write: ({ key, value, until }) => ask(update, Buffer.from(value), until, Buffer.from(key)),
      create: ({ key, value, until }) => ask(insert, Buffer.from(key), Buffer.from(value), until),
    },
    concurrency: 64,
    versions: { MariaDB: version.split('-')[0] },
    async bytes() {
      await client.query('ANALYZE TABLE koa_sess')
      const [[row]] = await client.query(size)
      return Number(row.bytes)
    },
    async close() {
      store.close()
      for (const pool of pools) await pool.end()
      await server[Symbol.asyncDispose]()
    },
  }
}
