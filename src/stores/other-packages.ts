const SESSION_OPTIONS = {
  prefix: 'the option prefix of session()',
  ttl: 'the option ttl of session(), in ms',
  expiration: 'the option ttl of session(), in ms',
  disableTouch: 'the option renew of session()',
  serializer: 'nothing: records are JSON; the option encryption of session() encrypts them',
}

const CONNECTED = 'client, a client that is connected, such as new Redis(url) of ioredis'

/** Options of connect-redis and koa-redis, and what does the same here. */
export const REDIS_OPTIONS = {
  ...SESSION_OPTIONS,
  url: CONNECTED,
  host: CONNECTED,
  port: CONNECTED,
  socket: CONNECTED,
  nodes: CONNECTED,
  isRedisCluster: CONNECTED,
  redis: CONNECTED,
  redisClient: CONNECTED,
  keyPrefix: SESSION_OPTIONS.prefix,
  scanCount: 'the argument count of store.scan()',
  timeout: 'commandTimeout, in ms',
}

const POOL = 'client, a pool or a database that is open'

/** Options of connect-pg-simple, express-mysql-session and others, and what does the same here. */
export const SQL_OPTIONS = {
  ...SESSION_OPTIONS,
  pool: POOL,
  pgPromise: POOL,
  conString: POOL,
  conObject: POOL,
  connection: POOL,
  db: POOL,
  tableName: 'table',
  schemaName: 'schema',
  pruneSessionInterval: 'pruneInterval, in ms',
  checkExpirationInterval: 'pruneInterval, in ms',
  clearExpired: 'pruneInterval, in ms; 0 turns it off',
  createTableIfMissing: 'await store.setup()',
  createDatabaseTable: 'await store.setup()',
  errorLog: 'the channel koa-sess:prune-failed of node:diagnostics_channel',
}
