import { SessionError, unavailable } from '../../util/errors.js'

/** Error codes of a server that cannot serve now: what they mean, and what to do. */
const UNAVAILABLE: Record<string, string> = {
  OOM: 'it is full (maxmemory): give it more memory, or let it evict with maxmemory-policy volatile-lru; reads still work',
  READONLY:
    'it is a replica: it was demoted, and the client is still connected to it; let the client reconnect (reconnectOnError of ioredis), or connect by Sentinel or Cluster',
  LOADING: 'it is loading its data: wait until that is done',
  BUSY: 'it is busy with a slow script: see SCRIPT KILL',
  MISCONF: 'it cannot save to its disk, and so refuses writes: see its log',
  NOREPLICAS: 'it has too few replicas for min-replicas-to-write: check the replicas',
  UNBLOCKED:
    'it became a replica while a write waited for replicas: the write may or may not be kept',
  'ERR WAIT':
    'it became a replica after a write: the write may or may not be kept; let the client reconnect, or connect by Sentinel or Cluster',
  MASTERDOWN: 'it is a replica without its primary: check the primary',
  CLUSTERDOWN: 'a part of the cluster has no primary: wait until the failover is done',
  TRYAGAIN: 'a slot is moving between its nodes: try again',
  MOVED: 'a slot moved between its nodes: try again',
  ASK: 'a slot is moving between its nodes: try again',
}

// Scripts quote the error of the command in them: "ERR Error running script …: -OOM command not allowed".
const UNAVAILABLE_CODE = new RegExp(`^(?:ERR .*-)?(${Object.keys(UNAVAILABLE).join('|')})\\b`)

/** Errors of the server begin with a code in capitals; those of the client library do not. */
const SERVER_ERROR = /^[A-Z][A-Z0-9]+\b/

/**
 * Translates the error of a failed command. Returns a 503 if the server cannot serve now or was not
 * reached; otherwise the client's error, without the command.
 * @param reason Why the client is not connected, if it reported that: its commands fail with less.
 */
export function translateError(thrown: unknown, reason?: unknown): unknown {
  const error = removeCommand(thrown)
  if (!(error instanceof Error) || error instanceof SessionError) return error
  const state = UNAVAILABLE[unavailableCode(error.message) ?? '']
  if (state) return unavailable(`Redis did not serve, as ${state}`, error)
  // A TypeError is a mistake in a program, not an outage.
  if (error instanceof TypeError) return error
  // A client that cannot log in answers waiting commands with the server's error.
  if (reason === undefined && SERVER_ERROR.test(error.message)) return error
  return unavailable(
    'Redis was not reached, or the connection broke before it answered, so a write may or may not be done. See error.cause. Requests work again once Redis is back.',
    reason ?? error,
  )
}

function unavailableCode(message: string): string | undefined {
  return UNAVAILABLE_CODE.exec(message)?.[1]
}

/** Whether the server refused a command because it is out of memory. */
export function isOutOfMemory(error: unknown): boolean {
  return unavailableCode(serverMessage(error)) === 'OOM'
}

/** The server's message in a translated error; empty: the error is not the server's. */
export function serverMessage(error: unknown): string {
  const source = error instanceof SessionError ? error.cause : error
  return source instanceof Error ? source.message : ''
}

// ioredis attaches the command to its errors, and a server quotes the arguments of an unknown command.
// Logged errors would then contain ids and session data.
export function removeCommand(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  Reflect.deleteProperty(error, 'command')
  const [message = error.message, ...args] = error.message.split(', with args beginning with')
  // Only a message with arguments is changed, as some errors are read-only.
  if (args.length === 0) return error
  error.stack = error.stack?.replace(error.message, message) ?? ''
  error.message = message
  return error
}
