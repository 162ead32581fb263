import type { Plan } from './sections.js'

export interface Page {
  /** From the root of the package. */
  file: string
  title: string
  intro: string
  plans: readonly Plan[]
}

/** What every store has: the store contract describes it once. */
const OF_EVERY_STORE = [
  ...['load', 'create', 'replace', 'touch', 'destroy', 'scan'],
  ...['get', 'set', 'on', 'off', 'breaks', 'lastError'],
]

const OPTIONS = 'src/options/session-options.ts'
const EVENTS = 'src/util/events.ts'
const MEMORY = 'src/stores/memory/store.ts'
const REDIS = 'src/stores/redis/store.ts'
const SQL = 'src/stores/sql'
const DEVICE = 'src/device-bound'

const MIDDLEWARE: Page = {
  file: 'docs/reference.md',
  title: 'Reference',
  intro:
    'Every option, context member, session method, error and event. Stores, adapters and test tools: [Reference: stores](reference-stores.md).',
  plans: [
    {
      heading: 'The middleware',
      style: 'entries',
      parts: [
        { file: 'src/koa/middleware.ts', name: 'session' },
        { file: 'src/koa/session-middleware.ts', name: 'SessionMiddleware', prefix: 'sessions.' },
      ],
    },
    {
      heading: 'Options',
      intro:
        'All are optional. Unknown names and unusable values throw when `session()` is called.',
      style: 'entries',
      parts: [{ file: OPTIONS, name: 'SessionOptions' }],
    },
    {
      heading: 'Options of the cookie',
      intro:
        'The keys of the option `cookie`. The same keys on `ctx.session.cookie` change the cookie of one user.',
      style: 'entries',
      parts: [{ file: 'src/cookie/attributes.ts', name: 'CookieOptions', prefix: 'cookie.' }],
    },
    {
      heading: 'Options of encryption',
      style: 'entries',
      parts: [
        {
          file: 'src/options/encryption-options.ts',
          name: 'EncryptionOptions',
          prefix: 'encryption.',
        },
      ],
    },
    {
      heading: 'Options of users',
      style: 'entries',
      parts: [{ file: 'src/options/users-options.ts', name: 'UsersOptions', prefix: 'users.' }],
    },
    {
      heading: 'Methods of sessionIdStore',
      style: 'table',
      parts: [{ file: OPTIONS, name: 'SessionIdStore' }],
    },
    {
      heading: 'The context',
      style: 'entries',
      parts: [
        { file: 'src/koa/types.ts', name: 'SessionContext', prefix: 'ctx.' },
        { file: 'src/koa/types.ts', name: 'RequestTools', prefix: 'ctx.' },
        { file: 'src/koa/types.ts', name: 'DataTools', prefix: 'ctx.' },
      ],
    },
    {
      heading: 'The session',
      intro:
        'None of these names is enumerable, and each but `cookie` may be a key of your data as well.',
      style: 'entries',
      parts: [
        {
          file: 'src/session/session.ts',
          name: 'Session',
          prefix: 'session.',
          without: ['new Session'],
        },
      ],
    },
    {
      heading: 'Options of regenerate',
      style: 'entries',
      parts: [
        {
          file: 'src/session/declared-data.ts',
          name: 'RegenerateOptions',
          prefix: 'regenerate: ',
        },
        {
          file: 'src/session/declared-data.ts',
          name: 'RegenerateRequest',
          prefix: 'regenerate: ',
          without: ['keep'],
        },
      ],
    },
    {
      heading: 'Sessions of a user',
      intro: 'With the option [`users`](#users). [Guide](users.md)',
      style: 'entries',
      parts: [
        {
          file: 'src/users/current-sessions.ts',
          name: 'CurrentSessions',
          prefix: 'ctx.sessions.',
          without: ['new CurrentSessions'],
        },
        {
          file: 'src/users/user-registry.ts',
          name: 'UserSessions',
          prefix: 'sessions.of(userId).',
        },
      ],
    },
    {
      heading: 'What list() returns',
      style: 'table',
      parts: [{ file: 'src/users/user-sessions.ts', name: 'UserSession' }],
    },
    {
      heading: 'Connections',
      intro:
        'What [`sessions.open()`](#sessionsopen) takes, and what it resolves to. [Guide](connections.md)',
      style: 'entries',
      parts: [
        { file: 'src/koa/open-options.ts', name: 'OpenOptions', prefix: 'open: ' },
        { file: 'src/connections/live-session.ts', name: 'LiveSession', prefix: 'live.' },
      ],
    },
    {
      heading: 'Other sessions, by id',
      style: 'entries',
      parts: [
        {
          file: 'src/session/session-admin.ts',
          name: 'SessionAdmin',
          prefix: 'ctx.sessionStore.',
          without: ['new SessionAdmin'],
        },
      ],
    },
    {
      heading: 'Sessions in the cookie',
      intro:
        'From `koa-sess/cookie`. Its other options are those of `session()` that need no store. [Guide](cookie-only.md)',
      style: 'entries',
      parts: [
        { file: 'src/koa/cookie-session.ts', name: 'cookieSession' },
        {
          file: 'src/koa/cookie-session.ts',
          name: 'CookieSessionOptions',
          prefix: 'cookieSession: ',
        },
      ],
    },
    {
      heading: 'Sessions bound to a device',
      intro: 'From `koa-sess/device-bound`. [Guide](device-bound.md)',
      style: 'entries',
      parts: [
        { file: `${DEVICE}/middleware.ts`, name: 'deviceBound' },
        { file: `${DEVICE}/options.ts`, name: 'DeviceBoundOptions', prefix: 'deviceBound: ' },
        { file: `${DEVICE}/types.ts`, name: 'DeviceBoundContext', prefix: 'ctx.' },
      ],
    },
    {
      heading: 'What ctx.boundDevice holds',
      style: 'table',
      parts: [{ file: `${DEVICE}/types.ts`, name: 'BoundDevice' }],
    },
    {
      heading: 'What onUnproved gets',
      style: 'table',
      parts: [{ file: `${DEVICE}/options.ts`, name: 'Unproved' }],
    },
    {
      heading: 'Errors',
      intro:
        'The `code` of each `SessionError`. What happened, and what to do: [Errors](errors.md). The status is 500 where none is given.',
      style: 'table',
      needsExamples: true,
      parts: [{ file: 'src/util/errors.ts', name: 'SessionErrorCode' }],
    },
    {
      heading: 'Members of SessionError',
      style: 'table',
      parts: [{ file: 'src/util/errors.ts', name: 'SessionError', without: ['new SessionError'] }],
    },
    {
      heading: 'Events',
      intro:
        'Emitted on the app as `session:` and the name, and in `node:diagnostics_channel` as `koa-sess:` and the name. [Guide](events.md)',
      style: 'table',
      needsExamples: true,
      parts: [{ file: EVENTS, name: 'EVENTS' }],
    },
    {
      heading: 'What a listener gets',
      intro: 'Listeners on the app also get `ctx`.',
      style: 'table',
      parts: [{ file: EVENTS, name: 'SessionNotice' }],
    },
    {
      heading: 'Reasons of reject',
      style: 'table',
      parts: [{ file: EVENTS, name: 'Rejection' }],
    },
    {
      heading: 'Reasons of users:ended and users:refused',
      style: 'table',
      parts: [{ file: EVENTS, name: 'UserReason' }],
    },
    {
      heading: 'Reasons of device:refused',
      style: 'table',
      parts: [{ file: EVENTS, name: 'DeviceRefusal' }],
    },
  ],
}

const STORES: Page = {
  file: 'docs/reference-stores.md',
  title: 'Reference: stores',
  intro:
    'Stores, adapters, the move to another store, and test tools. Options and context: [Reference](reference.md). Which store to choose: [Stores](stores.md).',
  plans: [
    {
      heading: 'The store contract',
      intro:
        "What every store has. The types are exported: `import type { Replaced, ScanPage, SessionStore, StoredRecord } from 'koa-sess'`. [Write a store](write-a-store.md)",
      style: 'table',
      parts: [{ file: 'src/stores/contract.ts', name: 'SessionStore' }],
    },
    {
      heading: 'What scan() returns',
      intro: 'A `ScanPage`; its records are `StoredRecord`.',
      style: 'table',
      parts: [
        { file: 'src/stores/contract.ts', name: 'ScanPage' },
        { file: 'src/stores/contract.ts', name: 'StoredRecord', prefix: 'record.' },
      ],
    },
    {
      heading: 'Stores of get, set and destroy',
      style: 'table',
      parts: [{ file: 'src/stores/contract.ts', name: 'LegacyStore' }],
    },
    {
      heading: 'MemoryStore',
      style: 'entries',
      parts: [
        { file: MEMORY, name: 'MemoryStoreOptions', prefix: 'MemoryStore: ' },
        {
          file: MEMORY,
          name: 'MemoryStore',
          prefix: 'memoryStore.',
          without: [...OF_EVERY_STORE, 'new MemoryStore'],
        },
      ],
    },
    {
      heading: 'RedisStore',
      intro: 'From `koa-sess/redis`. [Guide](redis.md)',
      style: 'entries',
      parts: [
        { file: REDIS, name: 'RedisStoreOptions', prefix: 'RedisStore: ' },
        {
          file: REDIS,
          name: 'RedisStore',
          prefix: 'redisStore.',
          without: [...OF_EVERY_STORE, 'new RedisStore'],
        },
      ],
    },
    {
      heading: 'Options of waitReplicas',
      style: 'table',
      parts: [{ file: 'src/stores/redis/replicas.ts', name: 'WaitReplicas' }],
    },
    {
      heading: 'SQL stores',
      intro:
        'Options and methods of `SqliteStore`, `PostgresStore` and `MysqlStore`. [Guide](sql.md)',
      style: 'entries',
      parts: [
        { file: `${SQL}/options.ts`, name: 'SqlStoreOptions', prefix: 'SQL: ' },
        {
          file: `${SQL}/store.ts`,
          name: 'SqlStore',
          prefix: 'sqlStore.',
          without: OF_EVERY_STORE,
        },
      ],
    },
    {
      heading: 'SqliteStore',
      intro: 'From `koa-sess/sqlite`.',
      style: 'entries',
      parts: [{ file: `${SQL}/sqlite.ts`, name: 'SqliteStoreOptions', prefix: 'SqliteStore: ' }],
    },
    {
      heading: 'PostgresStore',
      intro: 'From `koa-sess/postgres`.',
      style: 'entries',
      parts: [
        { file: `${SQL}/postgres.ts`, name: 'PostgresStoreOptions', prefix: 'PostgresStore: ' },
      ],
    },
    {
      heading: 'MysqlStore',
      intro: 'From `koa-sess/mysql`.',
      style: 'entries',
      parts: [{ file: `${SQL}/mysql.ts`, name: 'MysqlStoreOptions', prefix: 'MysqlStore: ' }],
    },
    {
      heading: 'Adapters',
      intro: 'From `koa-sess/adapters`. [Guide](adapters.md)',
      style: 'entries',
      parts: [
        { file: 'src/adapters/from-express.ts', name: 'fromExpressStore' },
        { file: 'src/adapters/from-context-store.ts', name: 'fromContextStore' },
        { file: 'src/adapters/key-value.ts', name: 'fromKeyv' },
        { file: 'src/adapters/key-value.ts', name: 'fromUnstorage' },
        { file: 'src/adapters/to-express.ts', name: 'toExpressStore' },
        {
          file: 'src/adapters/to-express.ts',
          name: 'ToExpressOptions',
          prefix: 'toExpressStore: ',
        },
        { file: 'src/adapters/express-cookie.ts', name: 'expressCookie' },
        {
          file: 'src/adapters/express-cookie.ts',
          name: 'ExpressCookieOptions',
          prefix: 'expressCookie: ',
        },
      ],
    },
    {
      heading: 'Move to another store',
      intro: 'From `koa-sess/migrate`. [Guide](migrate-stores.md)',
      style: 'entries',
      parts: [
        { file: 'src/stores/migrating/store.ts', name: 'migrating' },
        {
          file: 'src/stores/migrating/store.ts',
          name: 'MigratingOptions',
          prefix: 'migrating: ',
        },
      ],
    },
    {
      heading: 'The conformance suite',
      intro: 'From `koa-sess/testing`. [Guide](write-a-store.md)',
      style: 'entries',
      parts: [
        { file: 'src/testing/suite.ts', name: 'testStore' },
        { file: 'src/testing/suite.ts', name: 'StoreTests', prefix: 'testStore: ' },
      ],
    },
    {
      heading: 'FaultyStore',
      intro: 'From `koa-sess/testing`: a store whose calls fail or wait, for tests.',
      style: 'entries',
      parts: [
        {
          file: 'src/testing/faulty.ts',
          name: 'FaultyStore',
          prefix: 'faulty.',
          without: OF_EVERY_STORE,
        },
      ],
    },
    {
      heading: 'ManualClock',
      intro: 'From `koa-sess/testing`: time that a test moves.',
      style: 'entries',
      parts: [{ file: 'src/testing/clock.ts', name: 'ManualClock', prefix: 'clock.' }],
    },
  ],
}

export const PAGES: readonly Page[] = [MIDDLEWARE, STORES]

/** Exports without an entry of their own, by the reason. */
export const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  'the entry is `session`': ['default', 'module.exports'],
  'the entry of the list or of the union is shown instead': ['SessionEvent'],
  'the types of listeners': ['SessionAppNotice', 'SessionEmitter', 'SessionEventMap'],
  'what expressCookie returns': ['ExpressCookie'],
  'a type parameter of the context': ['DeferredSessionContext', 'SessionOf'],
  'the option of this name shows it': ['OnConflict'],
  'the argument of `sessions.open()`': ['OpeningRequest'],
  'it has the keys of CookieOptions': ['SessionCookie'],
  'a union, in the guide of the store contract': ['Replaced'],
  'arguments and results of the store contracts, in their tables': [
    'LegacyCallOptions',
    'LegacyReadOptions',
    'LegacyWriteOptions',
    'StoredSession',
  ],
  'what a client or a store of another package has to have': [
    'ContextStoreClass',
    'ContextStoreMethods',
    'ExpressSession',
    'ExpressStoreLike',
    'GlideLike',
    'IoRedisClusterLike',
    'IoRedisLike',
    'KeyvLike',
    'MysqlCallbackPoolLike',
    'MysqlPoolLike',
    'NodeRedisClusterLike',
    'NodeRedisLike',
    'NodeRedisPoolLike',
    'NodeRedisSentinelLike',
    'PgPoolLike',
    'PostgresJsLike',
    'RedisClient',
    'SqliteLike',
    'SqliteStatementLike',
    'UnstorageLike',
  ],
  'it has the methods of a store, or of the Store of express-session': [
    'ExpressStore',
    'MysqlStore',
    'PostgresStore',
    'SqliteStore',
  ],
  'arguments and results of the test tools, in their guide': [
    'Clock',
    'CreateStore',
    'Fault',
    'Hold',
    'Moment',
    'OpenStore',
    'Outage',
    'StoreCall',
    'StoreMethod',
  ],
}
