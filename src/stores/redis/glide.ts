import { hasMethods } from '../../util/shape.js'
import type { Command } from './command.js'
import { type Connection, opaqueConnection, type RedisNode } from './connection.js'

/** A `GlideClient` or `GlideClusterClient` of valkey-glide, as far as the store uses it. */
export interface GlideLike {
  /** `options`: `decoder`, and for a cluster client `route`. */
  customCommand(args: string[], options?: object): Promise<unknown>
}

/** The names in valkey-glide's messages for the error codes of the server. */
const CODES: Record<string, string> = {
  NoScriptError: 'NOSCRIPT',
  ReadOnly: 'READONLY',
  MasterDown: 'MASTERDOWN',
  BusyLoadingError: 'LOADING',
  ClusterDown: 'CLUSTERDOWN',
  TryAgain: 'TRYAGAIN',
}

/** `Decoder.Bytes` of valkey-glide. */
const AS_BYTES = { decoder: 0 }

export function isGlide(client: unknown): client is GlideLike {
  return hasMethods(client, 'customCommand')
}

/** The client emits no events, so breaks are not counted; it sends no command a second time. A command that it cannot send fails after its `requestTimeout`. */
export function connectGlide(client: GlideLike): Connection {
  const send = (command: Command) => client.customCommand(command).catch(throwServerError)
  return {
    ...opaqueConnection(client, send),
    read: (command) => client.customCommand(command, AS_BYTES).catch(throwServerError),
    isConnected: () => true,
    subscribe() {},
    unsubscribe() {},
    keyPrefix: '',
    async primaries() {
      // A cluster client returns an answer for each address; a client of one server returns only its own.
      const answers = await client.customCommand(['time'], { route: 'allPrimaries' })
      const nodes = Array.isArray(answers) ? answers.filter(isNodeAnswer) : []
      if (nodes.length === 0) return opaqueConnection(client, send).primaries()
      return nodes.map(({ key }) => clusterNode(client, key))
    },
  }
}

function isNodeAnswer(answer: unknown): answer is { key: string } {
  return typeof Reflect.get(Object(answer), 'key') === 'string'
}

function clusterNode(client: GlideLike, address: string): RedisNode {
  const colon = address.lastIndexOf(':')
  const [host, port] = [address.slice(0, colon), Number(address.slice(colon + 1))]
  const route = { type: 'routeByAddress', host, port }
  return {
    client,
    address,
    send: (command) => client.customCommand(command, { route }).catch(throwServerError),
    connectionId: () => undefined,
  }
}

/** Throws an error of the server as other clients do: its message begins with the code. */
function throwServerError(error: unknown): never {
  const message = error instanceof Error ? error.message : ''
  const [, name, text] = /^An error was signalled by the server: - (\w+): (.*)/s.exec(message) ?? []
  throw name === undefined ? error : new Error(`${CODES[name] ?? 'ERR'} ${text}`)
}
