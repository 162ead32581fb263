import { SessionError, unavailable } from '../../util/errors.js'

/** What a server says when it cannot serve just now, and what is to be done about it. */
const UNAVAILABLE: Record<string, string> = {
  OOM: 'it is full (maxmemory): give it more memory, or let it evict with maxmemory-policy volatile-lru; reads go on',
  READONLY:
    'it is a replica: it was demoted, and the client still talks to it; let the client reconnect (reconnectOnError of ioredis), or connect by Sentinel or Cluster',
  LOADING: 'it is loading its data: it serves again once that is done',
  BUSY: 'it is busy with a script of somebody: see SCRIPT KILL',
  MISCONF: 'it cannot save to its disk, and so refuses writes: see its log',
  NOREPLICAS: 'it has too few replicas for min-replicas-to-write: see to the replicas',
  UNBLOCKED:
    'it became a replica while a write waited for replicas: whether that write lasts is not known',
  'ERR WAIT':
    'it became a replica after a write: whether that write lasts is not known; let the client reconnect, or connect by Sentinel or Cluster',
  MASTERDOWN: 'it is a replica without its primary: see to the primary',
  CLUSTERDOWN: 'a part of the cluster has no primary: it serves again after the failover',
  TRYAGAIN: 'a slot is moving between its nodes: try again',
  MOVED: 'a slot moved between its nodes: try again',
  ASK: 'a slot is moving between its nodes: try again',
}

// Scripts tell what the command in them was told: "ERR Error running script …: -OOM command not allowed".
const CODE = new RegExp(`^(?:ERR .*-)?(${Object.keys(UNAVAILABLE).join('|')})\\b`)

/** A server's own words begin with a code in capitals; everything else comes of the way there. */
const SERVER = /^[A-Z][A-Z0-9]+\b/

/**
 * What the caller is told of a failed command: a 503 where the server cannot serve just now or was
 * not reached, and else the driver's error, without the command.
 */
export function told(thrown: unknown): unknown {
  const error = withoutCommand(thrown)
  if (!(error instanceof Error) || error instanceof SessionError) return error
  const [, code = ''] = CODE.exec(error.message) ?? []
  const what = UNAVAILABLE[code]
  if (what) return unavailable(`Redis did not serve, as ${what}`, error)
  // A mistake in a program is no outage.
  if (SERVER.test(error.message) || error instanceof TypeError) return error
  return unavailable(
    'Redis was not reached, or the connection broke before it answered: whether a write was done is not known; see error.cause, requests go on by themselves once it is back',
    error,
  )
}

/** Whether a server refused for want of memory. */
export function isFull(error: unknown): boolean {
  return CODE.exec(wordsOf(error))?.[1] === 'OOM'
}

/** What the server itself said of a failed command. */
export function wordsOf(error: unknown): string {
  const source = error instanceof SessionError ? error.cause : error
  return source instanceof Error ? source.message : ''
}

// ioredis hangs the whole command on its errors, and servers repeat the arguments of one they do not
// know: ids and session data would end up in somebody's log.
function withoutCommand(error: unknown): unknown {
  if (error instanceof Error) {
    Reflect.deleteProperty(error, 'command')
    const [words = error.message, ...args] = error.message.split(', with args beginning with')
    // Most say nothing of them, and some errors cannot be changed.
    if (args.length === 0) return error
    error.stack = error.stack?.replace(error.message, words) ?? ''
    error.message = words
  }
  return error
}
