import Koa from 'koa'
import { describe, expect, test } from 'vitest'
import { expressCookie, toExpressStore } from '../../src/adapters.js'
import { deviceBound } from '../../src/device-bound.js'
import session, { MemoryStore, SessionError } from '../../src/index.js'
import { migrating } from '../../src/migrate.js'
import { RedisStore } from '../../src/redis.js'
import { MysqlStore } from '../../src/stores/sql/mysql.js'
import { assertSqlOptions } from '../../src/stores/sql/options.js'
import { PostgresStore } from '../../src/stores/sql/postgres.js'
import { SqliteStore } from '../../src/stores/sql/sqlite.js'
import { testStore } from '../../src/testing.js'

const make = (options: unknown) => () => session(options as Parameters<typeof session>[0])
const store = { get: () => null, set: () => null, destroy: () => null }

describe('options that cannot be meant throw at construction', () => {
  test.each<[object, string]>([
    [{ maxAge: 5 }, 'ERR_SESSION_OPTION'],
    [{ Rolling: true }, 'ERR_SESSION_OPTION'],
    [{ rolling: 1 }, 'ERR_SESSION_OPTION'],
    [{ defer: 'yes' }, 'ERR_SESSION_OPTION'],
    [{ allowEmpty: null }, 'ERR_SESSION_OPTION'],
    [{ genSid: 'uuid' }, 'ERR_SESSION_OPTION'],
    [{ valid: true }, 'ERR_SESSION_OPTION'],
    [{ beforeSave: {} }, 'ERR_SESSION_OPTION'],
    [{ errorHandler: 'log' }, 'ERR_SESSION_OPTION'],
    [{ now: 5 }, 'ERR_SESSION_OPTION'],
    [{ encryption: { keys: ['k'.repeat(32)], plaintUntil: new Date() } }, 'ERR_SESSION_OPTION'],
    [{ key: 'a b' }, 'ERR_SESSION_OPTION'],
    [{ key: null }, 'ERR_SESSION_OPTION'],
    [{ key: 5 }, 'ERR_SESSION_OPTION'],
    [{ key: '' }, 'ERR_SESSION_OPTION'],
    [{ key: 'a=b' }, 'ERR_SESSION_OPTION'],
    [{ key: 'a;b' }, 'ERR_SESSION_OPTION'],
    [{ prefix: 7 }, 'ERR_SESSION_OPTION'],
    [{ cookie: true }, 'ERR_SESSION_OPTION'],
    [{ cookie: null }, 'ERR_SESSION_OPTION'],
    [{ onConflict: 'ours' }, 'ERR_SESSION_OPTION'],
    [{ digest: 'md5' }, 'ERR_SESSION_OPTION'],
    [{ digest: null }, 'ERR_SESSION_OPTION'],
    [{ digest: {} }, 'ERR_SESSION_OPTION'],
    [{ digest: { sha1Until: 'soon' } }, 'ERR_SESSION_OPTION'],
    [{ sessionIdStore: { get() {} } }, 'ERR_SESSION_OPTION'],
    [{ ttl: '1h' }, 'ERR_SESSION_DURATION'],
    [{ absoluteTimeout: 0 }, 'ERR_SESSION_DURATION'],
    [{ absoluteTimeout: '8h' }, 'ERR_SESSION_DURATION'],
    [{ ttl: 0 }, 'ERR_SESSION_DURATION'],
    [{ ttl: -1 }, 'ERR_SESSION_DURATION'],
    [{ ttl: Number.NaN }, 'ERR_SESSION_DURATION'],
    [{ ttl: Number.POSITIVE_INFINITY }, 'ERR_SESSION_DURATION'],
    [{ ttl: null }, 'ERR_SESSION_DURATION'],
    [{ reconnectTimeout: '10s' }, 'ERR_SESSION_DURATION'],
    [{ tombstone: -1 }, 'ERR_SESSION_DURATION'],
    [{ cookie: { maxAge: -1 } }, 'ERR_SESSION_DURATION'],
    [{ cookie: { domain: 'a;b' } }, 'ERR_SESSION_COOKIE'],
    [{ cookie: { httponly: true } }, 'ERR_SESSION_COOKIE'],
    [{ key: '__Host-sid', cookie: { domain: 'a.example' } }, 'ERR_SESSION_COOKIE'],
    [{ key: '__host-sid', cookie: { secure: false } }, 'ERR_SESSION_COOKIE'],
    [{ key: '__HOST-sid', cookie: { path: '/x' } }, 'ERR_SESSION_COOKIE'],
    [{ key: '__Secure-sid', cookie: { secure: false } }, 'ERR_SESSION_COOKIE'],
    [{ key: '__Http-sid', cookie: { httpOnly: false } }, 'ERR_SESSION_COOKIE'],
    [{ key: '__Http-sid', cookie: { secure: false } }, 'ERR_SESSION_COOKIE'],
    [{ key: '__Host-Http-sid', cookie: { httpOnly: false } }, 'ERR_SESSION_COOKIE'],
    [{ key: '__Host-Http-sid', cookie: { path: '/a' } }, 'ERR_SESSION_COOKIE'],
    [{ cookie: { maxAge: 3_600_000 }, renew: 3_600_000 }, 'ERR_SESSION_OPTION'],
    [{ renew: 86_400_000 }, 'ERR_SESSION_OPTION'],
    [
      { encryption: { keys: ['k'.repeat(32)], decryptOnly: true, plainUntil: new Date() } },
      'ERR_SESSION_OPTION',
    ],
    [{ prefix: '', cookie: { signed: false } }, 'ERR_SESSION_OPTION'],
    [{ store: {} }, 'ERR_SESSION_STORE_CONTRACT'],
    [{ store: MemoryStore }, 'ERR_SESSION_STORE_CONTRACT'],
    [{ store: null }, 'ERR_SESSION_STORE_CONTRACT'],
    [{ store: { ...store, destroy: undefined } }, 'ERR_SESSION_STORE_CONTRACT'],
  ])('%j', (options, code) => {
    expect(make(options)).toThrow(SessionError)
    expect(make(options)).toThrow(expect.objectContaining({ code, status: 500 }))
  })

  test.each([null, 'secret', 7])('%j is no options object', (options) => {
    expect(make(options)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_OPTION' }))
  })

  test('the message says what to do', () => {
    expect(make({ maxage: 5 })).toThrow(
      /maxage is an attribute of the cookie: set options.cookie.maxage/,
    )
    expect(make({ nonsense: 5 })).toThrow(/Unknown option nonsense: known are rolling, /)
    expect(make({ key: '__Host-sid', cookie: { domain: 'a.example' } })).toThrow(
      /__Host-… must be secure, with path \/ and no domain/,
    )
  })
})

describe('an option of another package is refused by the name that is meant', () => {
  test.each<[object, RegExp]>([
    [{ genid: () => 'x' }, /genSid/],
    [{ encode: String }, /koa-sess\/cookie/],
    [{ decode: String }, /koa-sess\/cookie/],
    [{ externalKey: {} }, /sessionIdStore/],
    [{ ContextStore: class {} }, /fromContextStore\(ContextStore\) of koa-sess\/adapters/],
    [{ autoCommit: false }, /ctx\.sessionSave = false/],
    [{ renew: true }, /renew must be a number: 0\.5 extends/],
    [{ maxAge: 'session' }, /maxAge: 'session' is the default here: leave it out/],
    [{ maxage: 'session' }, /maxage: 'session' is the default here: leave it out/],
    [{ secret: 'x' }, /app\.keys = \[secret/],
    [{ resave: false }, /Here it is nothing/],
    [{ saveUninitialized: false }, /allowEmpty/],
    [{ name: 'sid' }, /key, the name of the cookie/],
    [{ samesite: 'lax' }, /samesite is an attribute of the cookie: set options\.cookie\.sameSite/],
    [{ httponly: true }, /set options\.cookie\.httpOnly/],
    [{ MAXAGE: 5 }, /set options\.cookie\.maxAge/],
    [{ Rolling: true }, /It is spelled rolling/],
    [{ gensid: String }, /It is spelled genSid/],
    [{ errorhandler: String }, /It is spelled errorHandler/],
    [{ password: 'x' }, /the option encryption/],
    [{ keyPrefix: 'x' }, /Here it is prefix/],
    [{ touchAfter: 5 }, /Here it is renew/],
    [new Koa(), /not the application: app\.use\(session\(options\)\)/],
  ])('%j', (options, message) => {
    expect(make(options)).toThrow(
      expect.objectContaining({
        code: 'ERR_SESSION_OPTION',
        message: expect.stringMatching(message),
      }),
    )
  })

  test.each<[object, RegExp]>([
    [{ samesite: 'lax' }, /cookie\.samesite is not a cookie attribute: write sameSite/],
    [{ httponly: true }, /write httpOnly/],
    [{ maxAge: 'session' }, /cookie\.maxAge must be milliseconds, or null for a browser-session/],
    [{ originalMaxAge: 5 }, /remove it/],
  ])('in cookie: %j', (cookie, message) => {
    expect(make({ cookie })).toThrow(message)
  })
})

describe('a misspelled option is refused with the name that it resembles', () => {
  test.each<[object, string]>([
    [{ rollng: true }, 'rolling'],
    [{ roling: true }, 'rolling'],
    [{ prefx: 'x' }, 'prefix'],
    [{ absolutTimeout: 5 }, 'absoluteTimeout'],
    [{ onConflcit: 'mine' }, 'onConflict'],
    [{ stroe: store }, 'store'],
    [{ beforeSaved: String }, 'beforeSave'],
    [{ maxByte: 5 }, 'maxBytes'],
    [{ htpOnly: true }, 'cookie.httpOnly'],
    [{ samSite: 'lax' }, 'cookie.sameSite'],
  ])('%j', (options, meant) => {
    const [name] = Object.keys(options)
    expect(make(options)).toThrow(`Unknown option ${name}. Did you mean ${meant}?`)
  })

  test.each([
    'kay12',
    'nonsense',
    'x',
    'cookies of the whole site, and of all others beside it',
  ])('%s resembles none', (name) =>
    expect(make({ [name]: 1 })).toThrow(`Unknown option ${name}: known are `))
})

describe('a store refuses unknown options', () => {
  test.each<[object, string]>([
    [{ commandTimout: 5 }, 'Did you mean "commandTimeout"? It takes: '],
    [{ tableName: 'x' }, 'Here it is table. It takes: '],
    [{ createTableIfMissing: true }, 'Here it is await store.setup(). It takes: '],
    [{ nonsense: 1 }, 'SqliteStore has no option "nonsense". It takes: '],
  ])('of SQL: %j', (options, message) =>
    expect(() => assertSqlOptions('SqliteStore', options)).toThrow(message))

  test.each<[object, string]>([
    [{ maxByte: 5 }, 'MemoryStore has no option "maxByte". Did you mean "maxBytes"?'],
    [{ now: 5 }, 'now must be a function'],
  ])('in memory: %j', (options, message) => {
    expect(() => new MemoryStore(options)).toThrow(SessionError)
    expect(() => new MemoryStore(options)).toThrow(message)
  })
})

const ignore = () => undefined
const pool = { query: ignore, connect: ignore, on: ignore, off: ignore }
const mysqlPool = { execute: ignore, query: ignore, getConnection: ignore }
const redis = {
  call: ignore,
  on: ignore,
  off: ignore,
  duplicate: ignore,
  status: 'ready',
  options: {},
}
const statement = { run: ignore, get: ignore, all: () => [] }
const sqlite = { prepare: () => statement, exec: ignore }
const QUIET = { pruneInterval: 0 }
const STORES: [name: string, make: (options: object) => unknown][] = [
  ['PostgresStore', (options) => new PostgresStore({ client: Object(pool), ...QUIET, ...options })],
  ['MysqlStore', (options) => new MysqlStore({ client: Object(mysqlPool), ...QUIET, ...options })],
  ['SqliteStore', (options) => new SqliteStore({ client: Object(sqlite), ...QUIET, ...options })],
  ['RedisStore', (options) => new RedisStore({ client: Object(redis), ...options })],
]

describe.each(STORES)('%s refuses', (name, make) => {
  const refused: [object, string][] = [
    [{ commandTimeout: null }, 'ERR_SESSION_DURATION'],
    [{ commandTimeout: '5s' }, 'ERR_SESSION_DURATION'],
    [{ commandTimeout: 0 }, 'ERR_SESSION_DURATION'],
  ]
  const ofSql: [object, string][] = [
    [{ pruneInterval: null }, 'ERR_SESSION_DURATION'],
    [{ pruneInterval: false }, 'ERR_SESSION_DURATION'],
    [{ pruneBatch: null }, 'ERR_SESSION_OPTION'],
    [{ pruneBatch: '500' }, 'ERR_SESSION_OPTION'],
    [{ now: null }, 'ERR_SESSION_OPTION'],
    [{ table: null }, 'ERR_SESSION_OPTION'],
  ]
  const ofServers: [object, string][] = ['false', 0, null].map((prepare) => [
    { prepare },
    'ERR_SESSION_OPTION',
  ])
  if (name !== 'RedisStore') refused.push(...ofSql)
  if (name === 'PostgresStore' || name === 'MysqlStore') refused.push(...ofServers)

  test('nothing that is meant', () => expect(() => make({ commandTimeout: 50 })).not.toThrow())

  test.each(refused)('%j', (options, code) => {
    expect(() => make(options)).toThrow(expect.objectContaining({ code }))
  })
})

describe('a function refuses', () => {
  const [memory, tests] = [() => new MemoryStore(), { describe: ignore, it: ignore }]
  const pair = { from: memory(), to: memory() }
  test.each<[string, () => unknown, string]>([
    ['no function as now', () => migrating({ ...pair, now: Object(5) }), 'now must be a function'],
    ['null as now', () => migrating({ ...pair, now: null as never }), 'now must be a function'],
    ['a text as options', () => migrating('from' as never), 'migrating takes an object of options'],
    ['null', () => toExpressStore(memory(), null as never), 'toExpressStore takes an object'],
    [
      'no options',
      () => Reflect.apply(expressCookie, undefined, []),
      'expressCookie takes an object',
    ],
    ['a number as secret', () => expressCookie({ secret: Object(5) }), 'needs the option secret'],
    ['null as secret', () => expressCookie({ secret: null as never }), 'needs the option secret'],
    ['no secret', () => expressCookie({ secret: [] }), 'needs the option secret'],
    ['null', () => deviceBound(null as never), 'deviceBound takes an object of options'],
    ['a list', () => deviceBound([] as never), 'deviceBound takes an object of options'],
    [
      'a misspelled option',
      () => testStore(memory, Object.assign({ connection: 3 }, tests)),
      'Did you mean "connections"?',
    ],
    [
      'no options',
      () => Reflect.apply(testStore, undefined, [memory]),
      'testStore takes an object',
    ],
  ])('%s: %s', (_name, make, message) => {
    expect(make).toThrow(SessionError)
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SESSION_OPTION' }))
    expect(make).toThrow(message)
  })
})

describe('options that are meant', () => {
  test.each<[object]>([
    [{}],
    [{ store }],
    [{ key: '__Host-sid' }],
    [{ key: '__Secure-sid', cookie: { domain: 'a.example', secure: true } }],
    [{ cookie: { maxage: 5, rewrite: true } }],
    [{ ttl: () => 5, rolling: true }],
    [{ prefix: '', key: 'koa.sess', tombstone: 0, reconnectTimeout: 0 }],
    [{ store: undefined, ttl: undefined, cookie: undefined, genSid: undefined }],
  ])('%j', (options) => expect(make(options)).not.toThrow())

  test('are not changed, and may be used twice', () => {
    const options = Object.freeze({ cookie: Object.freeze({ maxage: 5 }), key: 'x' })
    session(options)
    session(options)
    expect(options).toEqual({ cookie: { maxage: 5 }, key: 'x' })
  })
})
