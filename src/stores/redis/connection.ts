import type { Awaitable } from '../../util/async.js'
import type { Command } from './command.js'

export interface Emitter {
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
}

/** One server, which a command of its own can be sent to. */
export interface RedisNode {
  /** The client of this one server. */
  readonly client: object
  readonly address: string
  send(command: Command): Promise<unknown>
  /** Another value for every connection. */
  connection(): unknown
}

/** Waits for an answer as long as a command may take, and tells a failure in words of this package. */
export type Ask = <T>(answer: Promise<T>) => Promise<T>

/** What the store needs of a client, whichever it is. */
export interface Connection {
  /** Sends a command to the server that has its key. */
  send(command: Command): Promise<unknown>
  isUp(): boolean
  /** Calls when `isUp` may have changed. */
  watch(look: () => void): void
  unwatch(look: () => void): void
  /** What the client puts before every key, though not into the pattern of a SCAN. */
  readonly keyPrefix: string
  primaries(): Awaitable<RedisNode[]>
  /** Where a key is written, and who is at an address; not there: the client does not let us know. */
  readonly router?: Router
}

export interface Router {
  /** undefined: nobody that the client knows of. */
  primaryOf(key: string): Awaitable<RedisNode | undefined>
  at(address: string): Awaitable<RedisNode | undefined>
}

/** `watch` and `unwatch` of clients that are event emitters. */
export function watching(client: Emitter, events: readonly string[]) {
  // One for each store: two may share a client.
  const ignore = () => undefined
  return {
    watch(look: () => void) {
      for (const event of events) client.on(event, look)
      // node-redis ends the process over an error that nobody listens to; requests learn of it anyway.
      client.on('error', ignore)
    },
    unwatch(look: () => void) {
      for (const event of events) client.off(event, look)
      client.off('error', ignore)
    },
  }
}

export const IOREDIS_EVENTS = ['ready', 'close', 'end', 'reconnecting']

/** For clients that do not tell which connection a command takes. */
export function hidden(
  client: object,
  send: Connection['send'],
): Pick<Connection, 'primaries' | 'send'> {
  return { send, primaries: () => [{ client, address: '', send, connection: () => undefined }] }
}

/** ioredis and iovalkey put it before the keys of commands, but not into what SCAN looks for. */
export function keyPrefixOf(client: object): string {
  const prefix: unknown = Reflect.get(Object(Reflect.get(client, 'options')), 'keyPrefix')
  return typeof prefix === 'string' ? prefix : ''
}

export function hasMethods(client: unknown, ...names: string[]): client is object {
  if (typeof client !== 'object' || client === null) return false
  return names.every((name) => typeof Reflect.get(client, name) === 'function')
}
