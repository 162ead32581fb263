import type { Command } from './command.js'
import { type Connection, hasMethods, hidden, type RedisNode } from './connection.js'

/** A `GlideClient` or `GlideClusterClient` of valkey-glide, as far as it is used. */
export interface GlideLike {
  /** `options`: of a cluster's client, `{ route }`. */
  customCommand(args: string[], options?: object): Promise<unknown>
}

/** How it calls what a server says by a code. */
const CODES: Record<string, string> = {
  NoScriptError: 'NOSCRIPT',
  ReadOnly: 'READONLY',
  MasterDown: 'MASTERDOWN',
  BusyLoadingError: 'LOADING',
  ClusterDown: 'CLUSTERDOWN',
  TryAgain: 'TRYAGAIN',
}

/** It has no events; a command that it cannot send fails after its `requestTimeout`. */
export function glide(client: GlideLike): Connection {
  const send = (command: Command) => client.customCommand(command).catch(inWordsOfTheServer)
  return {
    ...hidden(client, send),
    isUp: () => true,
    watch() {},
    unwatch() {},
    keyPrefix: '',
    async primaries() {
      // A cluster tells for each address what it said; a single server only answers, and needs no address.
      const answers = await client.customCommand(['time'], { route: 'allPrimaries' })
      const nodes = Array.isArray(answers) ? answers.filter(isAnswer) : []
      if (nodes.length === 0) return hidden(client, send).primaries()
      return nodes.map(({ key }) => glideNode(client, key))
    },
  }
}

function isAnswer(answer: unknown): answer is { key: string } {
  return typeof Reflect.get(Object(answer), 'key') === 'string'
}

function glideNode(client: GlideLike, address: string): RedisNode {
  const colon = address.lastIndexOf(':')
  const [host, port] = [address.slice(0, colon), Number(address.slice(colon + 1))]
  const route = { type: 'routeByAddress', host, port }
  return {
    client,
    address,
    send: (command) => client.customCommand(command, { route }).catch(inWordsOfTheServer),
    connection: () => undefined,
  }
}

function inWordsOfTheServer(error: unknown): never {
  const message = error instanceof Error ? error.message : ''
  const [, kind, words] =
    /^An error was signalled by the server: - (\w+): (.*)/s.exec(message) ?? []
  throw kind === undefined ? error : new Error(`${CODES[kind] ?? 'ERR'} ${words}`)
}

export function isGlide(client: unknown): client is GlideLike {
  return hasMethods(client, 'customCommand')
}
