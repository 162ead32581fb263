// Failures that pass without a change to the program: the same statement succeeds once the server can be
// reached, is writable again, or has room.

/** Codes of sockets and drivers, by their beginnings. */
const CONNECTION =
  /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET|CONNECT|PROTOCOL_CONNECTION_LOST)/

// PostgreSQL: 08 connection; 53 disk, memory and connections; 57P01 to 57P03 shutdown and start, 57P05 idle
// session; 57014 a time limit; 25006 read-only; 25P03 and 25P04 time limits of transactions; 55P03 a lock;
// 40001 and 40P01 if they persist.
const POSTGRES = /^(08\w{3}|53\w{3}|57P0[1235]|57014|25006|25P0[34]|55P03|40001|40P01)$/

const SQLITE = /^SQLITE_(BUSY|LOCKED|FULL|READONLY|IOERR|CANTOPEN|NOMEM|PROTOCOL)/

/** Numbers and names of MySQL and MariaDB. */
const MYSQL = new Map<number, string>([
  // Disk, memory, files.
  [1021, 'ER_DISK_FULL'],
  [1037, 'ER_OUTOFMEMORY'],
  [1041, 'ER_OUT_OF_RESOURCES'],
  [1114, 'ER_RECORD_FILE_FULL'],
  [1206, 'ER_LOCK_TABLE_FULL'],
  [1461, 'ER_MAX_PREPARED_STMT_COUNT_REACHED'],
  // Connections.
  [1040, 'ER_CON_COUNT_ERROR'],
  [1129, 'ER_HOST_IS_BLOCKED'],
  [1158, 'ER_NET_READ_ERROR'],
  [1159, 'ER_NET_READ_INTERRUPTED'],
  [1160, 'ER_NET_ERROR_ON_WRITE'],
  [1161, 'ER_NET_WRITE_INTERRUPTED'],
  [1203, 'ER_TOO_MANY_USER_CONNECTIONS'],
  [1226, 'ER_USER_LIMIT_REACHED'],
  [1927, 'ER_CONNECTION_KILLED'],
  [4031, 'ER_CLIENT_INTERACTION_TIMEOUT'],
  // Read-only, offline, starting, stopping. A Galera node that left its cluster answers 1047.
  [1047, 'ER_UNKNOWN_COM_ERROR'],
  [1053, 'ER_SERVER_SHUTDOWN'],
  [1223, 'ER_CANT_UPDATE_WITH_READLOCK'],
  [1290, 'ER_OPTION_PREVENTS_STATEMENT'],
  [1792, 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION'],
  [1836, 'ER_READ_ONLY_MODE'],
  [3032, 'ER_SERVER_OFFLINE_MODE'],
  [3168, 'ER_SERVER_ISNT_AVAILABLE'],
  // Locks and time limits.
  [1205, 'ER_LOCK_WAIT_TIMEOUT'],
  [1213, 'ER_LOCK_DEADLOCK'],
  [1317, 'ER_QUERY_INTERRUPTED'],
  [1615, 'ER_NEED_REPREPARE'],
  [1969, 'ER_STATEMENT_TIMEOUT'],
  [3024, 'ER_QUERY_TIMEOUT'],
  [3572, 'ER_LOCK_NOWAIT'],
  // ProxySQL has no connection to a server.
  [9001, 'ER_PROXYSQL_MAX_CONN_TIMEOUT'],
])
const MYSQL_NAMES = new Set(MYSQL.values())

// The same failures where pg, mysql2 and node:sqlite set no code, and a full disk in all its wordings.
const MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Query execution was interrupted|Pool is closed|No connections available|Queue limit reached|Can't add new command when connection is in closed state|database (table )?is locked|database or disk is full|attempt to write a readonly database|disk I\/O error|unable to open database file)|No space left on device/

/** Whether the same statement can succeed later. `error` is an error of a driver. */
export function isTransient(error: Error): boolean {
  const [code, errno]: unknown[] = [Reflect.get(error, 'code'), Reflect.get(error, 'errno')]
  const name = String(code)
  return (
    [CONNECTION, POSTGRES, SQLITE].some((codes) => codes.test(name)) ||
    MYSQL_NAMES.has(name) ||
    MYSQL.has(Number(errno)) ||
    MESSAGES.test(error.message)
  )
}
