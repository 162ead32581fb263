import { type Awaitable, andThen } from '../../util/async.js'
import { SessionError } from '../../util/errors.js'
import { type Dialect, type Param, quoted, type Row, type SqlClient } from './dialect.js'
import { has } from './errors.js'
import { checkOptions, hasMethods, type SqlStoreOptions } from './options.js'
import { SqlStore } from './store.js'

/** A pool of `mysql2/promise`, as far as it is used. */
export interface MysqlPoolLike {
  execute(statement: string, params: Param[]): Promise<[unknown, ...unknown[]]>
  getConnection(): Promise<unknown>
}

/** A pool of `mysql2`, as far as it is used. */
export interface MysqlCallbackPoolLike {
  promise(): MysqlPoolLike
}

export interface MysqlStoreOptions extends SqlStoreOptions {
  /** A pool of mysql2, from `mysql2/promise` or from `mysql2`. It stays yours: the store never ends it. */
  client: MysqlPoolLike | MysqlCallbackPoolLike
  /** The database of the table, which has to exist. Default: that of the connection. */
  schema?: string
}

/**
 * Sessions in MySQL or MariaDB. Three calls are not what they are elsewhere, as an UPDATE here returns
 * nothing, and what an INSERT … ON DUPLICATE KEY UPDATE counts depends on the flags of the client.
 */
export class MysqlStore extends SqlStore {
  readonly #insert: string
  readonly #overwrite: string
  readonly #clear: string

  /** @throws {SessionError} ERR_SESSION_CLIENT for a client that it does not know; ERR_SESSION_OPTION. */
  constructor(options: MysqlStoreOptions) {
    const { client, schema, table = 'koa_sess' } = options ?? {}
    const database = adapt(client)
    checkOptions('MysqlStore', options, 'schema')
    const name = schema === undefined ? quote(table) : `${quote(schema)}.${quote(table)}`
    super(database, dialect(name), options)
    const row = `INTO ${name} (\`key\`, value, expires_at) VALUES (?, ?, ?)`
    this.#insert = `INSERT ${row}`
    this.#overwrite = `REPLACE ${row}`
    this.#clear = `DELETE FROM ${name} WHERE \`key\` = ? AND expires_at <= ?`
  }

  /** With a touch: one read and one write. Whoever ends the session between the two wins. */
  override load(key: string, touch?: number): Awaitable<string | undefined> {
    const found = super.load(key)
    if (touch === undefined) return found
    return andThen(found, async (value) => {
      return value !== undefined && (await this.touch(key, touch)) ? value : undefined
    })
  }

  override async create(key: string, value: string, expiresAt: number): Promise<boolean> {
    const row = [Buffer.from(key), Buffer.from(value), Math.ceil(expiresAt)] as const
    if (await this.#inserted(row)) return true
    // Something is there: it is in the way only if it has not expired.
    await this.run(this.#clear, [row[0], this.now()])
    return this.#inserted(row)
  }

  protected override put(key: string, value: string, expiresAt: number): Awaitable<unknown> {
    return this.run(this.#overwrite, [Buffer.from(key), Buffer.from(value), Math.ceil(expiresAt)])
  }

  async #inserted(row: readonly Param[]): Promise<boolean> {
    try {
      await this.run(this.#insert, row)
      return true
    } catch (error) {
      if (has(error, DUPLICATE)) return false
      throw error
    }
  }
}

/** ER_DUP_ENTRY */
const DUPLICATE = 1062

const quote = (name: string) => quoted(name, '`')

function dialect(table: string): Dialect {
  return {
    table,
    key: '`key`',
    mark: () => '?',
    setup: [
      `CREATE TABLE IF NOT EXISTS ${table} (
  \`key\` VARBINARY(1200) NOT NULL PRIMARY KEY,
  value LONGBLOB NOT NULL,
  expires_at BIGINT NOT NULL,
  INDEX expires_at (expires_at)
) ENGINE = InnoDB`,
    ],
    prune: (count) =>
      `DELETE FROM ${table} WHERE expires_at <= ? ORDER BY expires_at LIMIT ${count}`,
  }
}

function adapt(client: unknown): SqlClient {
  const pool = isCallbackPool(client) ? client.promise() : client
  if (!isPool(pool))
    throw new SessionError(
      'ERR_SESSION_CLIENT',
      'new MysqlStore({ client }) takes a pool of mysql2 (createPool, from mysql2/promise or mysql2)',
    )
  const rows = async (statement: string, params: readonly Param[]) => {
    const [answer] = await pool.execute(statement, [...params])
    return Array.isArray(answer) ? (answer as Row[]) : []
  }
  return {
    rows,
    first: async (statement, params) => (await rows(statement, params))[0],
    run: async (statement, params) => matched((await pool.execute(statement, [...params]))[0]),
  }
}

/**
 * How many rows a statement found. `affectedRows` may be those that are different afterwards, as the
 * client's flags say: an UPDATE tells all of them in its `info` ("Rows matched: 1 Changed: 0 …", in the
 * server's language).
 */
function matched(header: unknown): number {
  const [affected, info] = ['affectedRows', 'info'].map((name) => Reflect.get(Object(header), name))
  return Number(/\d+/.exec(String(info ?? ''))?.[0] ?? affected)
}

function isCallbackPool(client: unknown): client is MysqlCallbackPoolLike {
  return hasMethods(client, 'getConnection', 'promise')
}

function isPool(client: unknown): client is MysqlPoolLike {
  return hasMethods(client, 'getConnection', 'execute')
}
