import { openMemory } from './memory.mjs'
import { openMysql } from './mysql.mjs'
import { openPostgres } from './postgres.mjs'
import { openRedis } from './redis.mjs'
import { openSqlite } from './sqlite.mjs'

/**
 * Each opens a store, and `raw`: the same operations on its bare client, without comparing values.
 * `bytes`: the size of all sessions in the database. `concurrency`: how many calls run at a time.
 */
export const CONTENDERS = {
  MemoryStore: openMemory,
  SqliteStore: openSqlite,
  RedisStore: openRedis,
  PostgresStore: openPostgres,
  MysqlStore: openMysql,
}
