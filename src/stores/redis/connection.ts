import type { Awaitable } from '../../util/async.js'
import type { Command } from './command.js'

/** The event emitter of a client, as far as the store uses it. */
export interface Emitter {
  on(event: string, listener: (error?: unknown) => void): unknown
  off(event: string, listener: (error?: unknown) => void): unknown
}

/** One server of a client. */
export interface RedisNode {
  /** The client of this server alone. */
  readonly client: object
  /** Host and port; empty: there is only one server. */
  readonly address: string
  /** Sends a command to this server. */
  send(command: Command): Promise<unknown>
  /** Identifies the current connection; changes at a reconnect. Undefined: not known. */
  connectionId(): unknown
}

/** Limits a reply to `commandTimeout`, and translates its error. */
export type Guard = <T>(reply: Promise<T>) => Promise<T>

export interface ConnectionListeners {
  /** `isConnected` may have changed. */
  readonly onChange: () => void
  /** A connection to one of several servers broke, which `isConnected` need not show. */
  readonly onBreak: () => void
  /** The client reported an error, of no command. */
  readonly onError: (error: unknown) => void
  /** One of several servers reported an error, which may be no outage. */
  readonly onNodeError: (error: unknown) => void
}

/** The events of a client that each listener is called for. */
interface EventNames {
  readonly changes: readonly string[]
  readonly breaks?: readonly string[]
  readonly nodeErrors?: readonly string[]
}

/** What the store needs of a client, the same for every client library. */
export interface Connection {
  /** Sends a command to the server that has its key. */
  send(command: Command): Promise<unknown>
  /** The same for a read of one value, as bytes where the client can do that. */
  read(command: Command): Promise<unknown>
  isConnected(): boolean
  subscribe(listeners: ConnectionListeners): void
  unsubscribe(listeners: ConnectionListeners): void
  /** The prefix that the client itself adds to keys, but not to the pattern of SCAN. */
  readonly keyPrefix: string
  /** The servers that hold the keys, without their replicas. */
  primaries(): Awaitable<RedisNode[]>
  /** Finds the server of a key; undefined: the client library does not expose it. */
  readonly router?: Router
}

export interface Router {
  /** The primary that has a key; undefined: the client knows none. */
  primaryOf(key: string): Awaitable<RedisNode | undefined>
  /** The node at an address; undefined: the client does not know it. */
  nodeAt(address: string): Awaitable<RedisNode | undefined>
}

/** `subscribe` and `unsubscribe` for a client that is an event emitter. */
export function watchEvents(
  client: Emitter,
  { changes, breaks = [], nodeErrors = [] }: EventNames,
): Pick<Connection, 'subscribe' | 'unsubscribe'> {
  const pairs = ({ onChange, onBreak, onError, onNodeError }: ConnectionListeners) => [
    ...changes.map((event) => [event, onChange] as const),
    ...breaks.map((event) => [event, onBreak] as const),
    ...nodeErrors.map((event) => [event, onNodeError] as const),
    // node-redis ends the process at an 'error' event without a listener.
    ['error', onError] as const,
  ]
  return {
    subscribe(listeners) {
      for (const [event, listener] of pairs(listeners)) client.on(event, listener)
    },
    unsubscribe(listeners) {
      for (const [event, listener] of pairs(listeners)) client.off(event, listener)
    },
  }
}

/** For a client with one server, which is the primary of every key. */
export function singleNode(node: RedisNode): Pick<Connection, 'primaries' | 'router'> {
  return { primaries: () => [node], router: { primaryOf: () => node, nodeAt: () => node } }
}

/** For a client that does not expose which connection it sends a command on. It has no `router`. */
export function opaqueConnection(
  client: object,
  send: Connection['send'],
): Pick<Connection, 'primaries' | 'send'> {
  return { send, primaries: () => [{ client, address: '', send, connectionId: () => undefined }] }
}
