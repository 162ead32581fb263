import { SessionError } from '../../util/errors.js'
import { type Command, keyOf, slotOf, withPrefix } from './command.js'
import {
  type Connection,
  type Emitter,
  hasMethods,
  IOREDIS_EVENTS,
  keyPrefixOf,
  type RedisNode,
  watching,
} from './connection.js'

/** A connected `Redis` of ioredis or iovalkey (by Sentinel too), as far as it is used. */
export interface IoRedisLike extends Emitter {
  call(command: string, ...args: string[]): Promise<unknown>
  readonly status: string
}

/** A connected `Cluster` of ioredis or iovalkey, as far as it is used. */
export interface IoRedisClusterLike extends IoRedisLike {
  nodes(role: 'master'): IoRedisLike[]
  /** The addresses of each slot, the primary's first. */
  readonly slots: string[][]
}

interface NodeRedisPrimary {
  readonly address: string
  readonly client?: unknown
}

/** A connected cluster of node-redis (`createCluster`), as far as it is used. */
export interface NodeRedisClusterLike extends Emitter {
  sendCommand(firstKey: string, isReadonly: boolean, args: string[]): Promise<unknown>
  readonly masters: NodeRedisPrimary[]
  readonly slots: { master: NodeRedisPrimary }[]
  nodeClient(node: NodeRedisPrimary): unknown
}

export function isIoRedisCluster(client: unknown): client is IoRedisClusterLike {
  return hasMethods(client, 'call', 'nodes', 'on', 'off') && 'slots' in client
}

export function isNodeRedisCluster(client: unknown): client is NodeRedisClusterLike {
  return hasMethods(client, 'sendCommand', 'nodeClient', 'on', 'off') && 'masters' in client
}

/**
 * It has no one socket to hold back, so its commands leave as ever.
 * @throws {SessionError} ERR_SESSION_CLIENT when it reads from replicas.
 */
export function ioRedisCluster(client: IoRedisClusterLike): Connection {
  const reads: unknown = Reflect.get(Object(Reflect.get(client, 'options')), 'scaleReads')
  if (reads !== undefined && reads !== 'master') {
    throw new SessionError(
      'ERR_SESSION_CLIENT',
      'A replica does not know yet what was just written: sessions need a Cluster with scaleReads: "master"',
    )
  }
  const keyPrefix = keyPrefixOf(client)
  const primaries = () => client.nodes('master').map((node) => ioRedisNode(node, keyPrefix))
  const at = (address: string) => primaries().find((node) => node.address === address)
  return {
    send: (command) => client.call(...command),
    // A lazy client connects with its first command; a cluster is down when its last node is.
    isUp: () => client.status === 'ready' || client.status === 'wait',
    ...watching(client, IOREDIS_EVENTS),
    keyPrefix,
    async primaries() {
      // Until it has seen the cluster, it takes every node that it was given for a primary.
      if (client.status !== 'ready') await client.call('ping')
      return primaries()
    },
    router: { at, primaryOf: (key) => at(client.slots[slotOf(keyPrefix + key)]?.[0] ?? '') },
  }
}

function ioRedisNode(node: IoRedisLike, keyPrefix: string): RedisNode {
  const { host, port } = Object(Reflect.get(node, 'options'))
  // The nodes know the prefix where it was given with redisOptions, and only there.
  const missing = keyPrefixOf(node) === '' ? keyPrefix : ''
  return {
    client: node,
    address: `${host}:${port}`,
    send: (command) => node.call(...withPrefix(missing, command)),
    connection: () => Reflect.get(node, 'stream'),
  }
}

const CLUSTER_EVENTS = [
  'connect',
  'disconnect',
  'node-ready',
  'node-error',
  'node-reconnecting',
  'node-disconnect',
]

/** Reads go to the primaries, also where the client may read elsewhere: a replica lags behind. */
export function nodeRedisCluster(client: NodeRedisClusterLike): Connection {
  const reach = async (primary: NodeRedisPrimary | undefined): Promise<RedisNode | undefined> => {
    const node = primary && (await client.nodeClient(primary))
    return isNode(node) ? nodeRedisNode(primary?.address ?? '', node) : undefined
  }
  const at = (address: string) => reach(client.masters.find((one) => one.address === address))
  return {
    send: (command) => client.sendCommand(keyOf(command), false, command),
    isUp: () => client.masters.some((primary) => isReachable(primary.client)),
    ...watching(client, CLUSTER_EVENTS),
    keyPrefix: '',
    async primaries() {
      const nodes = await Promise.all(client.masters.map(reach))
      return nodes.filter((node) => node !== undefined)
    },
    router: { at, primaryOf: (key) => reach(client.slots[slotOf(key)]?.master) },
  }
}

interface NodeClient {
  sendCommand(args: string[]): Promise<unknown>
}

function isNode(node: unknown): node is NodeClient {
  return hasMethods(node, 'sendCommand')
}

function nodeRedisNode(address: string, node: NodeClient): RedisNode {
  return {
    client: node,
    address,
    send: (command: Command) => node.sendCommand(command),
    connection: () => Reflect.get(node, 'socketEpoch'),
  }
}

/** A node that nobody needed so far has no client yet. */
function isReachable(client: unknown): boolean {
  return client === undefined || Reflect.get(Object(client), 'isReady') === true
}
