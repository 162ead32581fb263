import { readFile } from 'node:fs/promises'
import { Redis } from 'ioredis'
import { PostgresStore } from 'koa-sess/postgres'
import pg from 'pg'
import { PostgresServer } from '../../test/services/postgres.ts'
import { startRedis } from '../shared/redis.mjs'
import { TABLE } from './json-on-postgres.mjs'

const EXPRESS_TABLE = new URL('../../node_modules/connect-pg-simple/table.sql', import.meta.url)

/** Starts a database. `clear` deletes all sessions: what earlier slices left must not slow down the next one. */
export const SERVICES = {
  memory: async () => ({ servers: {}, clear: () => {}, stop: () => {} }),
  redis: startRedisService,
  postgres: startPostgres,
}

async function startRedisService() {
  const server = await startRedis()
  const client = new Redis(server.url)
  return {
    url: server.url,
    servers: { Redis: server.version },
    clear: () => client.flushall(),
    async stop() {
      client.disconnect()
      await server.stop()
    },
  }
}

async function startPostgres() {
  const server = await PostgresServer.start()
  const client = new pg.Pool({ connectionString: server.url, max: 1 })
  await new PostgresStore({ client, pruneInterval: 0 }).setup()
  await client.query(TABLE)
  await client.query(await readFile(EXPRESS_TABLE, 'utf8'))
  const { rows } = await client.query('SHOW server_version')
  return {
    url: server.url,
    servers: { PostgreSQL: rows[0].server_version.split(' ')[0] },
    clear: () => client.query('TRUNCATE koa_sess, json_sessions, session'),
    async stop() {
      await client.end()
      await server[Symbol.asyncDispose]()
    },
  }
}
