import { type Awaitable, andThen } from '../../util/async.js'
import { type Dialect, type Param, quoteName, type SqlClient } from './dialect.js'
import { hasCode, withRetry } from './errors.js'
import { type MysqlCallbackPoolLike, type MysqlPoolLike, mysqlClient } from './mysql-client.js'
import { assertNames, assertSqlOptions, type SqlStoreOptions } from './options.js'
import { SqlStore } from './store.js'

export type { MysqlCallbackPoolLike, MysqlPoolLike }

/** @since 1.0.0 */
export interface MysqlStoreOptions extends SqlStoreOptions {
  /**
   * A pool of mysql2, from `mysql2/promise` or from `mysql2`. The store never closes it.
   * @example new MysqlStore({ client: mysqlPool })
   */
  client: MysqlPoolLike | MysqlCallbackPoolLike
  /**
   * The database of the table; it must exist.
   * @default the database of the connection
   * @example new MysqlStore({ client: mysqlPool, schema: 'web' })
   */
  schema?: string
  /**
   * Whether statements are prepared once for each connection. Set false where a pooler or proxy, such as
   * ProxySQL, does not pass prepared statements on.
   * @default true
   * @since Unreleased
   * @example new MysqlStore({ client: mysqlPool, prepare: false })
   */
  prepare?: boolean
}

/**
 * Stores sessions in MySQL or MariaDB. It has its own `load`, `create` and `put`: an UPDATE returns no
 * row here, and the row count of INSERT … ON DUPLICATE KEY UPDATE depends on the flags of the client.
 */
export class MysqlStore extends SqlStore {
  readonly #client: SqlClient
  readonly #find: string
  readonly #insert: string
  readonly #overwrite: string
  readonly #deleteExpired: string

  /**
   * The first call checks the settings of a connection.
   * @throws {SessionError} ERR_SESSION_CLIENT if the client is not known, and from the first call if its
   * connections have autocommit = 0 or a sql_mode that is not strict; ERR_SESSION_OPTION;
   * ERR_SESSION_DURATION.
   */
  constructor(options: MysqlStoreOptions) {
    const { client, schema, table = 'koa_sess', prepare = true } = options ?? {}
    const database = mysqlClient(client, prepare)
    assertSqlOptions('MysqlStore', options, 'schema', 'prepare')
    assertNames(options, isMysqlName, NAME_RULE)
    const name = schema === undefined ? quote(table) : `${quote(schema)}.${quote(table)}`
    super(database, dialect(name), options)
    this.#client = database
    this.#find = `SELECT \`key\`, value, expires_at FROM ${name} LIMIT 0`
    const row = `INTO ${name} (\`key\`, value, expires_at) VALUES (?, ?, ?)`
    this.#insert = `INSERT ${row}`
    this.#overwrite = `REPLACE ${row}`
    this.#deleteExpired = `DELETE FROM ${name} WHERE \`key\` = ? AND expires_at <= ?`
  }

  /**
   * Creates the table and its index where they are missing. Several processes may call it at once.
   * @throws {SessionError} ERR_SESSION_CLIENT for settings of the connections that lose sessions.
   */
  override async setup(): Promise<void> {
    try {
      await withRetry(() => this.#client.first(this.#find, []))
    } catch (error) {
      if (!hasCode(error, NO_SUCH_TABLE)) throw error
      await super.setup()
    }
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
/** ER_NO_SUCH_TABLE */
const NO_SUCH_TABLE = 1146

/** The longest name of a file, without its extension: the server writes most characters as five bytes. */
const MAX_FILE_NAME = 251
const NAME_RULE = `must be a name that MySQL takes: without a space at its end, without characters above U+FFFF (emoji), not beginning with #mysql50#, and at most ${MAX_FILE_NAME} bytes as a file name, where each character but a-z, A-Z, 0-9 and _ counts five`

function isMysqlName(name: string): boolean {
  const fileName = name.replace(/[^\w]/gu, '@0000')
  return (
    !/[\t-\r ]$|[\u{10000}-\u{10FFFF}]|^#mysql50#/u.test(name) && fileName.length <= MAX_FILE_NAME
  )
}

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
