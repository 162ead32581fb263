import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StoreError } from './store-error.js'
import { UsageError } from './usage.js'

/** Codes of sockets, drivers and servers, and what they mean. A reply of Redis begins with its code. */
const CODES: [RegExp, string][] = [
  [/^ECONNREFUSED$/, 'the connection was refused: no server listens at this address'],
  [/^(ENOTFOUND|EAI_\w+)$/, 'the host name is unknown'],
  [/^(ETIMEDOUT|CONNECT_TIMEOUT|ERR_SOCKET_CONNECTION_TIMEOUT)$/, 'it did not answer in time'],
  [/^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)$/, 'the host cannot be reached'],
  [
    /^(ECONNRESET|ECONNABORTED|EPIPE|CONNECTION_\w+|PROTOCOL_CONNECTION_LOST|08\w{3}|57P0[1-5])$/,
    'the connection broke, or was ended by the server',
  ],
  [
    /^(28P01|ER_ACCESS_DENIED_\w+|WRONGPASS|NOAUTH)$/,
    'the user or the password is wrong or missing',
  ],
  [/^28000$/, 'the server does not let this user in from here'],
  [/^(3D000|ER_BAD_DB_ERROR)$/, 'there is no such database'],
  [/^(42P01|ER_NO_SUCH_TABLE)$/, 'there is no such table'],
  [
    /^(42501|ER_DBACCESS_DENIED_ERROR|ER_TABLEACCESS_DENIED_ERROR|NOPERM|EACCES|EPERM)$/,
    'the user has no permission for this',
  ],
  [
    /^(EPROTO|ERR_SSL_\w+|ERR_TLS_\w+|CERT_\w+|UNABLE_TO_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_\w+)$/,
    'the TLS connection failed: check the scheme of the URL and the certificate',
  ],
  [
    /^(25006|READONLY|SQLITE_READONLY\w*|ER_OPTION_PREVENTS_STATEMENT|ER_READ_ONLY_MODE)$/,
    'it is read-only',
  ],
  [/^(53100|53200|ER_DISK_FULL|ER_RECORD_FILE_FULL|SQLITE_FULL|ENOSPC|OOM)$/, 'it is full'],
  [/^(53300|ER_CON_COUNT_ERROR|ER_TOO_MANY_USER_CONNECTIONS)$/, 'it has no connection left'],
  [/^SQLITE_(BUSY|LOCKED)/, 'another process has locked the file'],
  [/^SQLITE_CANTOPEN/, 'the file cannot be opened'],
  [/^SQLITE_NOTADB/, 'the file is not an SQLite database'],
  [/^LOADING$/, 'the server is loading its data'],
  [/^(CLUSTERDOWN|MASTERDOWN|MISCONF)$/, 'the server cannot serve just now'],
]

/** The same where drivers set no code. */
const MESSAGES: [RegExp, string][] = [
  [/^SASL|^ERR .*(AUTH|password)/, 'the user or the password is wrong or missing'],
  [/^ERR .*DB index/, 'the server has no database of this number'],
  [/^(Connection (is closed|terminated)|Socket closed)/, 'the connection broke'],
  [/not support SSL/, 'the server does not take TLS connections'],
  [/^no such table/, 'there is no such table'],
  [/^database (table )?is locked/, 'another process has locked the file'],
  [
    /^unable to open database file|directory does not exist|^ConnectionFailed\("Unable to open/,
    'the file cannot be opened',
  ],
  [/^file is not a database/, 'the file is not an SQLite database'],
]

const MODULE_CODES = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']
/** A cause of a cause and so on may be a circle. */
const MAX_CAUSES = 5

/**
 * Why something failed, in one line for the terminal. Prints no message of a driver or a module, as that may
 * hold keys, values or passwords.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof UsageError) return error.message
  const failed = withCauses(error).find((each) => each instanceof StoreError)
  if (failed) return failed.message
  const known = withCauses(error).map(meaningOf).find(Boolean)
  if (known !== undefined) return known
  if (!(error instanceof Error)) return 'it threw a value that is not an Error'
  if (isSessionError(error)) return error.message
  return unknownReason(error)
}

/** An error and its causes, from the outside in. */
function withCauses(error: unknown, depth = MAX_CAUSES): Error[] {
  if (!(error instanceof Error) || depth === 0) return []
  const inner = [...(error instanceof AggregateError ? error.errors : []), error.cause].flat()
  return [error, ...inner.flatMap((cause) => withCauses(cause, depth - 1))]
}

function meaningOf(error: Error): string | undefined {
  const code = codeOf(error)
  if (code !== undefined && MODULE_CODES.includes(code)) return missingModule(error, code)
  const meaning = code && CODES.find(([pattern]) => pattern.test(code))?.[1]
  if (meaning) return `${meaning} (${code})`
  return MESSAGES.find(([pattern]) => pattern.test(error.message))?.[1]
}

/** The code of an error, or the first word of a reply of Redis. */
function codeOf(error: Error): string | undefined {
  const code: unknown = Reflect.get(error, 'code')
  if (typeof code === 'string' && /^\w+$/.test(code)) return code
  return /^[A-Z]{3,}\b/.exec(error.message)?.[0]
}

/** Node's message names the module in quotes. */
function missingModule({ message }: Error, code: string): string {
  const [, name = 'that it imports'] = /'([^']+)'/.exec(message) ?? []
  return `the module ${name} is missing: install it where it is imported (${code})`
}

/** Messages of this package hold no ids and no data. Two copies of it have two classes. */
function isSessionError(error: Error): boolean {
  return error.name === 'SessionError' && codeOf(error)?.startsWith('ERR_SESSION_') === true
}

function unknownReason(error: Error): string {
  const code = codeOf(error)
  const kind = /^[A-Z]\w*Error$/.test(error.name) ? `a ${error.name}` : 'an error'
  const place = placeOf(error)
  return `it threw ${kind}${code ? ` ${code}` : ' without a code'}${place ? ` at ${place}` : ''}`
}

/** Where an error was thrown: the first line of the stack after the message. */
function placeOf({ stack = '', message }: Error): string | undefined {
  const frames = stack.slice(stack.indexOf(message) + message.length)
  const [, path, line] = /((?:file:\/\/)?\/[^\s()]+?):(\d+)(?::\d+)?\)?$/m.exec(frames) ?? []
  if (path === undefined) return undefined
  const file = path.startsWith('file:') ? fileURLToPath(path) : path
  return `${relative('', file)}:${line}`
}
