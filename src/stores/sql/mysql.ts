import { type Awaitable, andThen } from '../../util/async.js'
import { SessionError } from '../../util/errors.js'
import { hasMethods } from '../../util/shape.js'
import { type Dialect, type Param, quoteName, type Row, type SqlClient } from './dialect.js'
import { hasCode } from './errors.js'
import { assertSqlOptions, type SqlStoreOptions } from './options.js'
import { SqlStore } from './store.js'

/** A pool of `mysql2/promise`, as far as the store uses it. */
export interface MysqlPoolLike {
  execute(statement: string, params: Param[]): Promise<[unknown, ...unknown[]]>
  getConnection(): Promise<unknown>
}

/** A pool of `mysql2`, as far as the store uses it. */
export interface MysqlCallbackPoolLike {
  promise(): MysqlPoolLike
}

export interface MysqlStoreOptions extends SqlStoreOptions {
  /** A pool of mysql2, from `mysql2/promise` or from `mysql2`. The store never closes it. */
  client: MysqlPoolLike | MysqlCallbackPoolLike
  /** The database of the table; it must exist. Default: the database of the connection. */
  schema?: string
}

/**
 * Stores sessions in MySQL or MariaDB. It has its own `load`, `create` and `put`: an UPDATE returns no
 * row here, and the row count of INSERT … ON DUPLICATE KEY UPDATE depends on the flags of the client.
 */
export class MysqlStore extends SqlStore {
  readonly #insert: string
  readonly #overwrite: string
  readonly #deleteExpired: string

  /**
   * @throws {SessionError} ERR_SESSION_CLIENT if the client is not known; ERR_SESSION_OPTION;
   * ERR_SESSION_DURATION.
   */
  constructor(options: MysqlStoreOptions) {
    const { client, schema, table = 'koa_sess' } = options ?? {}
    const database = toSqlClient(client)
    assertSqlOptions('MysqlStore', options, 'schema')
    const name = schema === undefined ? quote(table) : `${quote(schema)}.${quote(table)}`
    super(database, dialect(name), options)
    const row = `INTO ${name} (\`key\`, value, expires_at) VALUES (?, ?, ?)`
    this.#insert = `INSERT ${row}`
    this.#overwrite = `REPLACE ${row}`
    this.#deleteExpired = `DELETE FROM ${name} WHERE \`key\` = ? AND expires_at <= ?`
  }

  /** With `touch`, one read and one write. Returns undefined if the session ended between the two. */
  override load(key: string, touch?: number): Awaitable<string | undefined> {
    const found = super.load(key)
    if (touch === undefined) return found
    return andThen(found, async (value) => {
      return value !== undefined && (await this.touch(key, touch)) ? value : undefined
    })
  }

  override async create(key: string, value: string, expiresAt: number): Promise<boolean> {
    const row = [Buffer.from(key), Buffer.from(value), Math.ceil(expiresAt)] as const
    if (await this.#insertRow(row)) return true
    // The key is taken, maybe by an expired row.
    await this.run(this.#deleteExpired, [row[0], this.now()])
    return this.#insertRow(row)
  }

  protected override put(key: string, value: string, expiresAt: number): Awaitable<unknown> {
    return this.run(this.#overwrite, [Buffer.from(key), Buffer.from(value), Math.ceil(expiresAt)])
  }

  /** Returns false if the key is taken. */
  async #insertRow(row: readonly Param[]): Promise<boolean> {
    try {
      await this.run(this.#insert, row)
      return true
    } catch (error) {
      if (hasCode(error, DUPLICATE_ENTRY)) return false
      throw error
    }
  }
}

/** ER_DUP_ENTRY */
const DUPLICATE_ENTRY = 1062

function quote(name: string): string {
  return quoteName(name, '`')
}

function dialect(table: string): Dialect {
  return {
    table,
    key: '`key`',
    placeholder: () => '?',
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

function toSqlClient(client: unknown): SqlClient {
  const pool = isCallbackPool(client) ? client.promise() : client
  if (!isPool(pool))
    throw new SessionError(
      'ERR_SESSION_CLIENT',
      'new MysqlStore({ client }) takes a pool of mysql2: createPool of mysql2/promise or mysql2.',
    )
  const rows = async (statement: string, params: readonly Param[]) => {
    const [result] = await pool.execute(statement, [...params])
    return Array.isArray(result) ? (result as Row[]) : []
  }
  return {
    rows,
    first: async (statement, params) => (await rows(statement, params))[0],
    run: async (statement, params) => matchedRows((await pool.execute(statement, [...params]))[0]),
  }
}

/**
 * How many rows a statement matched. With some flags of the client, `affectedRows` does not count rows
 * that stay equal. An UPDATE has the right number in `info`, in the server's language: "Rows matched: 1
 * Changed: 0 …".
 */
function matchedRows(header: unknown): number {
  const [affected, info] = ['affectedRows', 'info'].map((name) => Reflect.get(Object(header), name))
  return Number(/\d+/.exec(String(info ?? ''))?.[0] ?? affected)
}

function isCallbackPool(client: unknown): client is MysqlCallbackPoolLike {
  return hasMethods(client, 'getConnection', 'promise')
}

function isPool(client: unknown): client is MysqlPoolLike {
  return hasMethods(client, 'getConnection', 'execute')
}
