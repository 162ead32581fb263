import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createPool } from 'mysql2/promise'
import { Client, Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { MysqlStore } from '../../src/stores/sql/mysql.js'
import type { SqlStoreOptions } from '../../src/stores/sql/options.js'
import { PostgresStore } from '../../src/stores/sql/postgres.js'
import { SqliteStore } from '../../src/stores/sql/sqlite.js'
import type { SqlStore } from '../../src/stores/sql/store.js'
import { databaseUrl } from '../services/databases.js'
import { libsql } from '../support/sqlite.js'
import { temporaryFolder } from '../support/temporary.js'

type Options = SqlStoreOptions & { schema?: string }

/** A connection of its own to the one database of its kind. */
interface Connection {
  make(options: Options): SqlStore
  /** Runs a statement as it is. */
  run(statement: string): Promise<unknown>
  end(): unknown
}

const path = temporaryFolder()

const KINDS: Record<
  string,
  {
    quote: string
    lock?: [lock: string, unlock: string]
    /** `impatient`: the server ends what takes longer than 50 ms. */
    connect(impatient?: boolean): Promise<Connection>
  }
> = {
  SqliteStore: {
    quote: '"',
    async connect() {
      const client = libsql.open(path('sessions.db'))
      return {
        make: (options) => new SqliteStore({ client, ...options }),
        run: async (statement) => client.prepare(statement).run(),
        end: () => client.close(),
      }
    },
  },
  'PostgresStore, pg': {
    quote: '"',
    lock: ['BEGIN; LOCK TABLE ?', 'ROLLBACK'],
    async connect(impatient = false) {
      const limit = impatient ? { statement_timeout: 50 } : {}
      const client = new Pool({ connectionString: await databaseUrl('postgres'), ...limit })
      return {
        make: (options) => new PostgresStore({ client, ...options }),
        run: (statement) => client.query(statement),
        end: () => client.end(),
      }
    },
  },
  'PostgresStore, postgres.js': {
    quote: '"',
    async connect() {
      const client = postgres(await databaseUrl('postgres'), { onnotice: () => undefined })
      return {
        make: (options) => new PostgresStore({ client, ...options }),
        run: async (statement) => client.unsafe(statement),
        end: () => client.end(),
      }
    },
  },
  MysqlStore: {
    quote: '`',
    lock: ['LOCK TABLES ? WRITE', 'UNLOCK TABLES'],
    async connect(impatient = false) {
      const client = createPool(await databaseUrl('mysql'))
      const limit = 'SET SESSION max_statement_time = 0.05'
      if (impatient) client.pool.on('connection', (one) => one.query(limit))
      return {
        make: (options) => new MysqlStore({ client, ...options }),
        run: (statement) => client.query(statement),
        end: () => client.end(),
      }
    },
  },
}

const HOUR = 3_600_000
let number = 0
const freshName = () => `t${process.pid}_${number++}`

describe.each(Object.entries(KINDS))('%s', (name, { connect, quote, lock }) => {
  const hasSchemas = name !== 'SqliteStore'
  let connection: Connection
  let stores: SqlStore[] = []
  beforeAll(async () => {
    connection = await connect()
  })
  afterAll(() => connection.end())
  afterEach(() => {
    for (const store of stores) store.close()
    stores = []
  })

  function make(options: Options = {}, on = connection): SqlStore {
    const store = on.make({ table: freshName(), pruneInterval: 0, ...options })
    stores.push(store)
    return store
  }

  async function fresh(options?: Options): Promise<SqlStore> {
    const store = make(options)
    await store.setup()
    return store
  }

  async function fill(store: SqlStore, prefix: string, count: number, deadline: number) {
    for (let at = 0; at < count; at++) await store.create(`${prefix}${at}`, `v${at}`, deadline)
  }

  test('setup creates the table, many at once, again and again, and leaves what is there', async () => {
    const table = freshName()
    const connections = await Promise.all(Array.from({ length: 8 }, connect))
    const all = connections.map((one) => make({ table }, one))
    await Promise.all(all.map((store) => store.setup()))
    await all[0]?.create('key', 'value', Date.now() + HOUR)
    await Promise.all(all.map((store) => store.setup()))
    for (const store of all) expect(await store.load('key')).toBe('value')
    await Promise.all(connections.map((one) => one.end()))
  })

  const hostile = [
    `a"b'c\`d`,
    `x"; DROP TABLE koa_sess; --`,
    'x`; DROP TABLE koa_sess; --',
    'select',
    'a.b',
    'Ünï cödé 漢 ?',
    'a\\b$1$$%s:x@y',
  ]
  test.each(hostile)('a table may be called %j', async (odd) => {
    const victim = await fresh({ table: 'koa_sess' })
    await victim.create('odd', 'names', Date.now() + HOUR)
    const table = `${odd}${number++}`
    const store = await fresh({ table })
    expect(await store.create('key', 'a', Date.now() + HOUR)).toBe(true)
    expect(await store.replace('key', 'a', 'b', Date.now() + HOUR)).toEqual({ ok: true })
    expect(await store.load('key', Date.now() + HOUR)).toBe('b')
    expect(await store.prune()).toBe(0)
    expect((await store.scan('')).records).toHaveLength(1)
    expect(await store.destroy('key')).toBe(true)
    expect(await victim.load('odd')).toBe('names')
    await connection.run(`DROP TABLE ${quoted(table)}`)
  })

  const odd = [
    'space at the end ',
    'tab\t',
    '😀',
    '#mysql50#a',
    'sqlite_a',
    '?'.repeat(50),
    '?'.repeat(52),
    'x'.repeat(49),
  ]
  test.each(odd)('a table named %j works, or is refused at construction', async (table) => {
    let store: SqlStore
    try {
      store = make({ table })
    } catch (error) {
      return expect(error).toMatchObject(OPTION)
    }
    await store.setup()
    expect(await store.create('key', 'a', Date.now() + HOUR)).toBe(true)
    expect(await store.load('key')).toBe('a')
    await connection.run(`DROP TABLE ${quoted(table)}`)
  })

  if (hasSchemas)
    test('a schema is another place, whatever it is called', async () => {
      const schema = `s"; \`x' ${process.pid} ${name}`
      const table = freshName()
      await connection.run(`CREATE SCHEMA ${quoted(schema)}`)
      const [here, there] = [await fresh({ table }), await fresh({ table, schema })]
      await there.create('key', 'there', Date.now() + HOUR)
      expect([await here.load('key'), await there.load('key')]).toEqual([undefined, 'there'])
      await connection.run(`DROP TABLE ${quoted(schema)}.${quoted(table)}`)
      await connection.run(`DROP SCHEMA ${quoted(schema)}`)
    })

  const quoted = (text: string) => quote + text.replaceAll(quote, quote + quote) + quote

  test('the index is there for the longest name that is allowed', async () => {
    const table = `${freshName()}${'x'.repeat(52)}`.slice(0, 52)
    const store = await fresh({ table })
    await store.setup()
    expect(() => make({ table: `${table}x` })).toThrow(expect.objectContaining(OPTION))
    // A second index of that name would be refused.
    if (name === 'MysqlStore') return
    await expect(
      connection.run(`CREATE INDEX ${quoted(`${table}_expires_at`)} ON ${quoted(table)} (value)`),
    ).rejects.toThrow('already exists')
  })

  const refused: [string, object][] = [
    ['an option that does not exist', { tabel: 'x' }],
    ['an empty name', { table: '' }],
    ['a name with NUL', { table: 'a\0b' }],
    ['a name with half of a character', { table: 'a\ud800' }],
    ['a name that is no text', { table: 5 }],
    ['a schema with NUL', { schema: 'a\0b' }],
    ['an empty batch', { pruneBatch: 0 }],
    ['a batch that is text', { pruneBatch: '1; DROP TABLE koa_sess' }],
    ['half a row', { pruneBatch: 1.5 }],
  ]
  const OPTION = { code: 'ERR_SESSION_OPTION' }
  test.each(refused)('%s is refused', (_, options) => {
    expect(() => connection.make(options)).toThrow(expect.objectContaining(OPTION))
  })
  test.each([
    -1,
    Number.NaN,
    2 ** 31,
    '60',
  ])('a pruneInterval of %j is refused', (pruneInterval) => {
    const options = { pruneInterval: pruneInterval as number }
    const code = 'ERR_SESSION_DURATION'
    expect(() => connection.make(options)).toThrow(expect.objectContaining({ code }))
  })

  test('prune deletes what has expired, batch by batch, however many prune at once', async () => {
    let time = 1000
    const options = { table: freshName(), now: () => time, pruneBatch: 20 }
    const store = await fresh(options)
    await fill(store, 'old', 110, 1500)
    await fill(store, 'new', 10, 5000)
    expect(await store.prune()).toBe(0)
    time = 1500
    const others = await Promise.all(Array.from({ length: 3 }, connect))
    const all = [store, ...others.map((one) => make(options, one))]
    const counts = await Promise.all(all.map((one) => one.prune()))
    expect(counts.reduce((sum, count) => sum + count)).toBe(110)
    expect(await store.prune()).toBe(0)
    expect((await store.scan('new')).records).toHaveLength(10)
    time = 1499
    expect((await store.scan('old')).records).toHaveLength(0)
    for (const other of others) await other.end()
  })

  if (lock)
    test('a call that takes longer than commandTimeout fails; it may still be done', async () => {
      const table = freshName()
      const store = await fresh({ table, commandTimeout: 30 })
      await store.create('key', 'a', Date.now() + HOUR)
      const other = await connect()
      const [taken, released] = lock
      await other.run(taken.replace('?', quoted(table)))
      const code = 'ERR_SESSION_UNAVAILABLE'
      await expect(store.load('key')).rejects.toMatchObject({ code, status: 503 })
      await expect(store.replace('key', 'a', 'b', Date.now() + HOUR)).rejects.toMatchObject({
        code,
      })
      await other.run(released)
      await other.end()
      await expect.poll(() => store.load('key')).toBe('b')
    })

  if (lock)
    test('a limit of the server itself is a 503 as well', async () => {
      const table = freshName()
      await fresh({ table })
      const [other, impatient] = [await connect(), await connect(true)]
      const [taken, released] = lock
      await other.run(taken.replace('?', quoted(table)))
      await expect(make({ table }, impatient).load('key')).rejects.toMatchObject({ status: 503 })
      await other.run(released)
      await other.end()
      await impatient.end()
    })

  // MariaDB rolls back a statement where two wait for each other: the store tries it again.
  test('creates, ends, extensions and prunes of few keys that expire at once all go through', async () => {
    const store = await fresh({ pruneBatch: 3 })
    const calls: ((key: string, deadline: number) => unknown)[] = [
      (key, deadline) => store.create(key, 'value', deadline),
      (key, deadline) => store.load(key, deadline),
      (key) => store.destroy(key),
      () => store.prune(),
    ]
    const writer = async () => {
      for (let count = 0; count < 100; count++) {
        const [key, call] = [Math.floor(Math.random() * 5), Math.floor(Math.random() * 5)]
        await (calls[call] ?? calls[0])?.(`key${key}`, Date.now() + (count % 3 ? -1 : 5))
      }
    }
    await Promise.all(Array.from({ length: 16 }, writer))
  })

  test('it prunes by itself, until it is closed', async () => {
    const table = freshName()
    const timers = vi.spyOn(globalThis, 'setInterval')
    const store = await fresh({ table, pruneInterval: 5 })
    const timer: NodeJS.Timeout = timers.mock.results[0]?.value
    timers.mockRestore()
    await store.create('key', 'value', Date.now() - 1)
    // The deadline has passed, so only a clock that went back sees the row.
    const past = make({ table, now: () => 0 })
    await expect.poll(async () => (await past.scan('')).records).toEqual([])
    store.close()
    expect(Reflect.get(timer, '_destroyed')).toBe(true)
  })

  test('scan tells the live records of a prefix, page after page', async () => {
    let time = 1000
    const store = await fresh({ now: () => time })
    await fill(store, 'a%_:', 25, 9000)
    await fill(store, 'a%_', 3, 1500)
    await fill(store, 'a', 5, 9000)
    await fill(store, 'a%a:', 5, 9000)
    await store.create('a%_:', 'the prefix itself', 9000)
    await store.create('a%_:\u{10FFFF}', 'the last of all', 9000)
    time = 1500
    const found = new Map<string, string>()
    let cursor: string | undefined
    let pages = 0
    do {
      const page = await store.scan('a%_:', cursor, 9)
      for (const { key, value, expiresAt } of page.records) {
        expect(expiresAt).toBe(9000)
        found.set(key, value)
      }
      cursor = page.cursor
      pages++
    } while (cursor !== undefined)
    expect([found.size, pages]).toEqual([27, 4])
    expect(found.get('a%_:24')).toBe('v24')
    expect(found.get('a%_:')).toBe('the prefix itself')
    expect((await store.scan('', undefined, 1000)).records).toHaveLength(37)
    await expect(store.scan('', undefined, 0)).rejects.toMatchObject(OPTION)
  })

  test('an error of the driver tells what is wrong, and none of what was sent', async () => {
    const secret = randomUUID()
    const name = freshName()
    const store = make({ table: name })
    const missing = await failure(() => store.load(`id-${secret}`))
    expect(String(missing)).toMatch(/no such table|does not exist|doesn't exist/)
    await store.setup()
    // A row that the table refuses: some servers quote it.
    const table = quoted(name)
    if (!hasSchemas)
      await connection.run(
        `CREATE TRIGGER no BEFORE INSERT ON ${table} BEGIN SELECT RAISE(ABORT, 'no'); END`,
      )
    else await connection.run(`ALTER TABLE ${table} ADD CONSTRAINT small CHECK (expires_at < 5)`)
    const write = await failure(() => store.create(`id-${secret}`, `data-${secret}`, 10))
    for (const error of [missing, write]) {
      const told = inspect(error, { depth: 9, showHidden: true })
      for (const form of forms(secret)) expect(told).not.toContain(form)
    }
  })
})

/** What an id may be written as in a message. */
function forms(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [
    secret,
    bytes.toString('hex'),
    bytes.toString('base64').slice(0, 40),
    [...bytes].join(', '),
  ]
}

async function failure(work: () => unknown): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('This should have failed')
}

test('where the isolation level refuses what another writer was faster at, it asks again', async () => {
  const client = new Pool({
    connectionString: await databaseUrl('postgres'),
    options: '-c default_transaction_isolation=serializable',
  })
  const table = freshName()
  const store = new PostgresStore({ client, table, pruneInterval: 0 })
  await store.setup()
  await store.create('key', 'a', Date.now() + HOUR)
  const other = await client.connect()
  await other.query('BEGIN')
  await other.query(`UPDATE ${table} SET expires_at = expires_at + 1`)
  const replaced = store.replace('key', 'a', 'b', Date.now() + HOUR)
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${table}%'`
  await expect.poll(async () => (await client.query(waiting)).rowCount).toBe(1)
  await other.query('COMMIT')
  other.release()
  expect(await replaced).toEqual({ ok: true })
  store.close()
  await client.end()
})

test('scan tells deadlines through a client that renames columns', async () => {
  const client = postgres(await databaseUrl('postgres'), {
    onnotice: () => undefined,
    transform: postgres.camel,
  })
  const store = new PostgresStore({ client, table: freshName(), pruneInterval: 0 })
  await store.setup()
  const record = { key: 'key', value: 'value', expiresAt: Date.now() + HOUR }
  await store.create(record.key, record.value, record.expiresAt)
  expect((await store.scan('')).records).toEqual([record])
  store.close()
  await client.end()
})

const root = join(import.meta.dirname, '../..')
const shipped = (file: string) => readFileSync(join(root, 'sql', file), 'utf8')

/** What a setup asks for, as a script. */
async function script(setup: (note: (statement: string) => void) => SqlStore): Promise<string> {
  const statements: string[] = []
  const store = setup((statement) => statements.push(statement))
  await store.setup()
  store.close()
  return statements.map((statement) => `${statement};\n`).join('')
}

describe('the files that are shipped say what setup() does', () => {
  test('sqlite.sql', async () => {
    const made = await script((note) => {
      const prepare = (statement: string) => {
        if (!statement.includes('busy_timeout')) note(statement)
        return { run: () => ({ changes: 0 }), get: () => undefined, all: () => [] }
      }
      const exec = (statement: string) => {
        if (!/^(BEGIN|COMMIT)/.test(statement)) note(statement)
      }
      return new SqliteStore({ client: { prepare, exec } })
    })
    expect(shipped('sqlite.sql')).toBe(made)
  })
  test('postgres.sql', async () => {
    const made = await script((note) => {
      const unsafe = async (statement: string) => {
        const created = statement.split(';\n').filter((part) => part.startsWith('CREATE'))
        created.map(note)
        return Object.assign([], { count: 0 })
      }
      return new PostgresStore({ client: Object.assign(() => undefined, { unsafe }) })
    })
    expect(shipped('postgres.sql')).toBe(made)
  })
  test('mysql.sql', async () => {
    const made = await script((note) => {
      const execute = async (statement: string): Promise<[object]> => {
        if (statement.includes('@@')) return [[{ autocommit: 1, mode: 'STRICT_ALL_TABLES' }]]
        if (statement.startsWith('SELECT'))
          throw Object.assign(new Error('no table'), { errno: 1146 })
        note(statement)
        return [{ affectedRows: 0, info: '' }]
      }
      return new MysqlStore({ client: { execute, getConnection: async () => undefined } })
    })
    expect(shipped('mysql.sql')).toBe(made)
  })
})

describe('setup of a PostgresStore', () => {
  const open = async () => {
    const client = new Pool({ connectionString: await databaseUrl('postgres') })
    const table = freshName()
    const store = new PostgresStore({ client, table, pruneInterval: 0 })
    return { client, table, store }
  }

  test('takes no lock where the table and its index exist, so no write waits', async () => {
    const { client, table, store } = await open()
    await store.setup()
    const transaction = await client.connect()
    await transaction.query('BEGIN')
    // Held until the end of the transaction, and in the way of CREATE INDEX.
    await transaction.query(`LOCK TABLE ${table} IN ROW EXCLUSIVE MODE`)
    await store.setup()
    expect(await store.create('key', 'value', Date.now() + HOUR)).toBe(true)
    await transaction.query('ROLLBACK')
    transaction.release()
    await client.end()
  })

  test('gives up where the index is missing and the table is locked, and writes go on', async () => {
    const { client, table, store } = await open()
    await store.setup()
    await client.query(`DROP INDEX ${table}_expires_at`)
    const transaction = await client.connect()
    await transaction.query('BEGIN')
    await transaction.query(`LOCK TABLE ${table} IN ROW EXCLUSIVE MODE`)
    const code = 'ERR_SESSION_UNAVAILABLE'
    await expect(store.setup()).rejects.toMatchObject({
      code,
      message: expect.stringContaining('CREATE INDEX CONCURRENTLY'),
    })
    expect(await store.create('key', 'value', Date.now() + HOUR)).toBe(true)
    await transaction.query('ROLLBACK')
    transaction.release()
    await store.setup()
    await expect(
      client.query(`CREATE INDEX ${table}_expires_at ON ${table} (value)`),
    ).rejects.toThrow('already exists')
    await client.end()
  })

  test('needs no right to create where the table exists', async () => {
    const { client, table, store } = await open()
    await store.setup()
    const role = `${table}_role`
    await client.query(`CREATE ROLE ${role}; GRANT ALL ON ${table} TO ${role}`)
    const limited = new Pool({
      connectionString: await databaseUrl('postgres'),
      options: `-c role=${role}`,
    })
    await new PostgresStore({ client: limited, table, pruneInterval: 0 }).setup()
    await limited.end()
    await client.query(`REVOKE ALL ON ${table} FROM ${role}; DROP ROLE ${role}`)
    await client.end()
  })
})

describe('settings of a MySQL connection that lose sessions are refused', () => {
  test.each([
    ['autocommit = 0', /autocommit = 1/],
    ["sql_mode = ''", /STRICT_TRANS_TABLES/],
    ["sql_mode = 'ANSI_QUOTES'", /STRICT_TRANS_TABLES/],
  ])('%s, by setup() and by the first call', async (setting, message) => {
    const client = createPool(await databaseUrl('mysql'))
    client.pool.on('connection', (connection) => connection.query(`SET SESSION ${setting}`))
    const store = new MysqlStore({ client, table: freshName(), pruneInterval: 0 })
    const refused = { code: 'ERR_SESSION_CLIENT', message: expect.stringMatching(message) }
    await expect(store.setup()).rejects.toMatchObject(refused)
    const fresh = new MysqlStore({ client, table: freshName(), pruneInterval: 0 })
    await expect(fresh.create('key', 'value', Date.now() + HOUR)).rejects.toMatchObject(refused)
    await expect(async () => fresh.load('key')).rejects.toMatchObject(refused)
    await client.end()
  })

  test('the check is one query for each store, not one for each call', async () => {
    const client = createPool(await databaseUrl('mysql'))
    const execute = vi.spyOn(client, 'execute')
    const store = new MysqlStore({ client, table: freshName(), pruneInterval: 0 })
    await store.setup()
    await Promise.all([store.load('a'), store.load('b')])
    const checks = execute.mock.calls.filter(([statement]) => `${statement}`.includes('autocommit'))
    expect(checks).toHaveLength(1)
    await client.end()
  })
})

test('with prepare: false, MySQL prepares no statement', async () => {
  const client = createPool({ uri: await databaseUrl('mysql'), connectionLimit: 1 })
  const prepared = async () => {
    const [rows] = await client.query("SHOW SESSION STATUS LIKE 'Com_stmt_prepare'")
    return JSON.stringify(rows)
  }
  const before = await prepared()
  const store = new MysqlStore({
    client,
    table: `${freshName()}?`,
    prepare: false,
    pruneInterval: 0,
  })
  await store.setup()
  const value = `{"text":"'\\\\ü😀"}`
  expect(await store.create('key', value, Date.now() + HOUR)).toBe(true)
  expect(await store.replace('key', value, `${value} `, Date.now() + HOUR)).toEqual({ ok: true })
  expect(await store.load('key', Date.now() + HOUR)).toBe(`${value} `)
  expect((await store.scan('')).records).toHaveLength(1)
  expect(await store.destroy('key')).toBe(true)
  expect(await prepared()).toBe(before)
  await client.end()
})

test.each([
  'hex',
  'escape',
])('postgres.js reads what it wrote, with bytea_output = %j', async (bytea_output) => {
  const client = postgres(await databaseUrl('postgres'), { connection: { bytea_output } })
  const store = new PostgresStore({ client, table: freshName(), pruneInterval: 0 })
  await store.setup()
  const [key, value] = ['kéy\\', `{"text":"\\\\ü😀'","long":"${'x'.repeat(200)}"}`]
  expect(await store.create(key, value, Date.now() + HOUR)).toBe(true)
  expect(await store.load(key)).toBe(value)
  expect(await store.load(key, Date.now() + HOUR)).toBe(value)
  expect((await store.replace(key, value, 'other', Date.now() + HOUR)).ok).toBe(true)
  expect(await store.replace(key, value, 'third', Date.now() + HOUR)).toMatchObject({
    current: 'other',
  })
  expect((await store.scan('k')).records).toMatchObject([{ key, value: 'other' }])
  store.close()
  await client.end()
})

describe('one connection in the place of a pool is refused', () => {
  const refused = expect.objectContaining({ code: 'ERR_SESSION_CLIENT' })

  test('a Client of pg, its own or one of a pool', async () => {
    const pool = new Pool({ connectionString: await databaseUrl('postgres') })
    const taken = await pool.connect()
    for (const client of [new Client(), taken])
      expect(() => Reflect.construct(PostgresStore, [{ client }])).toThrow(refused)
    taken.release()
    await pool.end()
  })

  test('a reserved connection or a transaction of postgres.js', async () => {
    const sql = postgres(await databaseUrl('postgres'))
    const reserved = await sql.reserve()
    expect(() => new PostgresStore({ client: reserved })).toThrow(refused)
    reserved.release()
    await sql.begin(async (client) => {
      expect(() => new PostgresStore({ client })).toThrow(refused)
    })
    await sql.end()
  })

  test('a connection of mysql2', async () => {
    const pool = createPool(await databaseUrl('mysql'))
    const client = await pool.getConnection()
    expect(() => Reflect.construct(MysqlStore, [{ client }])).toThrow(refused)
    client.release()
    await pool.end()
  })
})

describe('a driver whose answers have another form is refused', () => {
  const refused = expect.objectContaining({ code: 'ERR_SESSION_CLIENT' })
  /** As in sqlite3 of npm: answers go to a callback, and each method returns the statement. */
  class CallbackStatement {
    run = () => this
    get = () => this
    all = () => this
  }
  test.each<[string, object]>([
    ['sqlite3 of npm', { prepare: () => new CallbackStatement() }],
    ['an SQLite driver of promises', { prepare: async () => new CallbackStatement() }],
    ['an SQLite driver without all()', { prepare: () => ({ run() {}, get() {} }) }],
    ['something with a prepare()', { prepare() {} }],
  ])('%s', (_, client) => {
    expect(() => Reflect.construct(SqliteStore, [{ client }])).toThrow(refused)
  })

  test('a pool of mariadb', () => {
    const client = { getConnection() {}, execute() {}, totalConnections() {} }
    expect(() => Reflect.construct(MysqlStore, [{ client }])).toThrow(refused)
  })

  test('a pool without query() for prepare: false', () => {
    const client = { getConnection: async () => undefined, execute: async () => [[]] as [object] }
    expect(() => new MysqlStore({ client, prepare: false })).toThrow(refused)
  })
})

describe('a client that it does not know is refused', () => {
  const pool = { query() {}, execute() {}, connect: 5, on() {}, off() {} }
  test.each([undefined, null, {}, 'postgres://', pool, Pool])('%s', (client) => {
    for (const Store of [SqliteStore, PostgresStore, MysqlStore]) {
      const code = 'ERR_SESSION_CLIENT'
      expect(() => Reflect.construct(Store, [{ client }])).toThrow(
        expect.objectContaining({ code }),
      )
      expect(() => Reflect.construct(Store, [])).toThrow(expect.objectContaining({ code }))
    }
  })
})
