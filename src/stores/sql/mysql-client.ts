import type { Awaitable } from '../../util/async.js'
import { SessionError } from '../../util/errors.js'
import { hasMethods } from '../../util/shape.js'
import type { Param, Row, SqlClient } from './dialect.js'

/** An answer of mysql2: the rows or a header, and more. */
type Answer = Promise<[unknown, ...unknown[]]>

/** A pool of `mysql2/promise`, as far as the store uses it. */
export interface MysqlPoolLike {
  execute(statement: string, params: Param[]): Answer
  /** Used in place of `execute` with `prepare: false`. */
  query?(statement: string, params: Param[]): Answer
  getConnection(): Promise<unknown>
}

/** A pool of `mysql2`, as far as the store uses it. */
export interface MysqlCallbackPoolLike {
  promise(): MysqlPoolLike
}

/** @throws {SessionError} ERR_SESSION_CLIENT if the client is not known. */
export function mysqlClient(client: unknown, prepare: boolean): SqlClient {
  const pool = isCallbackPool(client) ? client.promise() : client
  if (!isPool(pool) || !(prepare || pool.query))
    throw new SessionError(
      'ERR_SESSION_CLIENT',
      'new MysqlStore({ client }) takes a pool of mysql2: createPool of mysql2/promise or mysql2. Pools of mariadb or mysql, and single connections, cannot be used.',
    )
  const send = (statement: string, params: readonly Param[]): Answer =>
    prepare || !pool.query
      ? pool.execute(statement, [...params])
      : pool.query(statement, [...params])
  const rows = async (statement: string, params: readonly Param[]) => {
    const [result] = await send(statement, params)
    return Array.isArray(result) ? (result as Row[]) : []
  }
  return afterCheck({
    rows,
    first: async (statement, params) => (await rows(statement, params))[0],
    run: async (statement, params) => matchedRows((await send(statement, params))[0]),
  })
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

const SETTINGS = 'SELECT @@SESSION.autocommit AS autocommit, @@SESSION.sql_mode AS mode'

/** Checks the settings of a connection before the first statement, again and again until they are right. */
function afterCheck(client: SqlClient): SqlClient {
  let isChecked = false
  let checking: Promise<void> | undefined
  const check = async () => {
    assertSettings((await client.first(SETTINGS, [])) ?? {})
    isChecked = true
  }
  const checkOnce = () => {
    checking ??= check().finally(() => {
      checking = undefined
    })
    return checking
  }
  const checked = <T>(work: () => Awaitable<T>) => (isChecked ? work() : checkOnce().then(work))
  return {
    first: (...args) => checked(() => client.first(...args)),
    rows: (...args) => checked(() => client.rows(...args)),
    run: (...args) => checked(() => client.run(...args)),
  }
}

/** @throws {SessionError} ERR_SESSION_CLIENT for settings that lose sessions without an error. */
function assertSettings({ autocommit, mode }: Row): void {
  if (Number(autocommit) !== 1)
    throw new SessionError(
      'ERR_SESSION_CLIENT',
      'The connections of this pool have autocommit = 0, so every write of the MysqlStore would be rolled back. Set autocommit = 1 for them: look at init_connect, the global variable, and listeners of the pool.',
    )
  if (!/\bSTRICT_(TRANS|ALL)_TABLES\b/.test(String(mode)))
    throw new SessionError(
      'ERR_SESSION_CLIENT',
      'The connections of this pool have a sql_mode that is not strict, so MySQL would cut values that are too long instead of refusing them. Add STRICT_TRANS_TABLES to sql_mode.',
    )
}

function isCallbackPool(client: unknown): client is MysqlCallbackPoolLike {
  return hasMethods(client, 'getConnection', 'promise')
}

/** Not a pool of the package mariadb, whose answers have another form: all sessions would seem to be gone. */
function isPool(client: unknown): client is MysqlPoolLike {
  return hasMethods(client, 'getConnection', 'execute') && !hasMethods(client, 'totalConnections')
}
