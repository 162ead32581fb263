import type { OpenUrl } from './opened-store.js'
import { openRedis } from './redis.js'
import { openMysql, openPostgres, openSqlite } from './sql.js'

/** The URL schemes that --from and --to accept. */
export const SCHEMES: Record<string, OpenUrl> = {
  redis: openRedis,
  rediss: openRedis,
  postgres: openPostgres,
  postgresql: openPostgres,
  mysql: openMysql,
  sqlite: openSqlite,
}
