import { openMemory } from './memory.mjs'
import { openMysql } from './mysql.mjs'
import { openPostgres } from './postgres.mjs'
import { openRedis } from './redis.mjs'
import { openSqlite } from './sqlite.mjs'

/**
 * Each opens a store, and `raw`: what its client does for the same without it, neither compared nor
 * checked. `bytes`: what all sessions take, where they lie. `concurrency`: calls under way at a time.
 */
export const CONTENDERS = {
  MemoryStore: openMemory,
  SqliteStore: openSqlite,
  RedisStore: openRedis,
  PostgresStore: openPostgres,
  MysqlStore: openMysql,
}
