import { hasMethods } from '../../util/shape.js'
import { type Command, keyOf, slotOf } from './command.js'
import {
  type Connection,
  type Emitter,
  opaqueConnection,
  type RedisNode,
  singleNode,
  watchEvents,
} from './connection.js'
import { DatabaseCheck, indexOf } from './database-check.js'

/** A connected client of node-redis (`createClient`), as far as the store uses it. */
export interface NodeRedisLike extends Emitter {
  sendCommand(args: string[], options?: object): Promise<unknown>
  readonly isReady: boolean
}

/** A connected pool of node-redis (`createClientPool`), as far as the store uses it. */
export interface NodeRedisPoolLike extends Emitter {
  sendCommand(args: string[], options?: object): Promise<unknown>
  readonly totalClients: number
}

/** A connected client of node-redis by Sentinel (`createSentinel`), as far as the store uses it. */
export interface NodeRedisSentinelLike extends Emitter {
  sendCommand(isReadonly: boolean, args: string[], options?: object): Promise<unknown>
  getSentinelNode(): unknown
  readonly isReady: boolean
}

interface NodeRedisPrimary {
  readonly address: string
  readonly client?: unknown
}

/** A connected cluster of node-redis (`createCluster`), as far as the store uses it. */
export interface NodeRedisClusterLike extends Emitter {
  sendCommand(
    firstKey: string,
    isReadonly: boolean,
    args: string[],
    options?: object,
  ): Promise<unknown>
  readonly masters: NodeRedisPrimary[]
  readonly slots: { master: NodeRedisPrimary }[]
  nodeClient(node: NodeRedisPrimary): unknown
}

/** Makes strings of a reply Buffers; 36 is the type of a string in a reply (`$`). */
const AS_BYTES = { typeMapping: { 36: Buffer } }

// A client that stops reconnecting emits only 'error'.
const EVENTS = { changes: ['ready', 'end', 'reconnecting', 'error'] }

/**
 * The connection to the primary may break and be restored without a change of `isReady`. The client
 * then emits 'error' only with its option `passthroughClientErrorEvents`.
 */
const SENTINEL_EVENTS = { ...EVENTS, breaks: ['error'] }

const NODE_BREAKS = ['node-error', 'node-reconnecting', 'node-disconnect']

const CLUSTER_EVENTS = {
  changes: ['connect', 'disconnect', 'node-ready', ...NODE_BREAKS],
  breaks: NODE_BREAKS,
  nodeErrors: ['node-error'],
}

export function isNodeRedis(client: unknown): client is NodeRedisLike {
  return hasMethods(client, 'sendCommand', 'on', 'off') && 'isReady' in client
}

export function isNodeRedisPool(client: unknown): client is NodeRedisPoolLike {
  return hasMethods(client, 'sendCommand', 'execute', 'on', 'off') && 'totalClients' in client
}

export function isNodeRedisSentinel(client: unknown): client is NodeRedisSentinelLike {
  return isNodeRedis(client) && hasMethods(client, 'getSentinelNode')
}

export function isNodeRedisCluster(client: unknown): client is NodeRedisClusterLike {
  return hasMethods(client, 'sendCommand', 'nodeClient', 'on', 'off') && 'masters' in client
}

export function connectNodeRedis(client: NodeRedisLike): Connection {
  const connectionId = () => Reflect.get(client, 'socketEpoch')
  const database = new DatabaseCheck({
    index: () => (wasReady(client) ? 0 : configuredDatabase(client)),
    connectionId,
    select: (index) => client.sendCommand(['SELECT', index]),
  })
  const send = (command: Command) => database.run(() => client.sendCommand(command))
  return {
    send,
    read: (command) => database.run(() => client.sendCommand(command, AS_BYTES)),
    isConnected: () => client.isReady,
    ...watchEvents(client, EVENTS),
    keyPrefix: '',
    ...singleNode({ client, address: '', send, connectionId }),
  }
}

const READY = new WeakSet<NodeRedisLike>()

/** A client that was ready once has its database, and may have selected another one since. */
function wasReady(client: NodeRedisLike): boolean {
  if (client.isReady) READY.add(client)
  return READY.has(client)
}

function configuredDatabase(client: NodeRedisLike): number {
  return indexOf(Reflect.get(Object(Reflect.get(client, 'options')), 'database'))
}

/** The pool opens and closes clients as needed, so it never counts as disconnected. */
export function connectNodeRedisPool(client: NodeRedisPoolLike): Connection {
  return {
    ...opaqueConnection(client, (command) => client.sendCommand(command)),
    read: (command) => client.sendCommand(command, AS_BYTES),
    isConnected: () => true,
    ...watchEvents(client, { changes: [], breaks: ['error'] }),
    keyPrefix: '',
  }
}

export function connectNodeRedisSentinel(client: NodeRedisSentinelLike): Connection {
  return {
    ...opaqueConnection(client, (command) => client.sendCommand(false, command)),
    read: (command) => client.sendCommand(false, command, AS_BYTES),
    isConnected: () => client.isReady,
    ...watchEvents(client, SENTINEL_EVENTS),
    keyPrefix: '',
  }
}

/** Reads go to the primaries even if the client may read from replicas, as those lag behind. */
export function connectNodeRedisCluster(client: NodeRedisClusterLike): Connection {
  const nodeOf = async (primary: NodeRedisPrimary | undefined): Promise<RedisNode | undefined> => {
    const node = primary && (await client.nodeClient(primary))
    return isNodeClient(node) ? clusterNode(primary?.address ?? '', node) : undefined
  }
  const nodeAt = (address: string) => nodeOf(client.masters.find((one) => one.address === address))
  return {
    send: (command) => client.sendCommand(keyOf(command), false, command),
    read: (command) => client.sendCommand(keyOf(command), false, command, AS_BYTES),
    isConnected: () => client.masters.some((primary) => isReachable(primary.client)),
    ...watchEvents(client, CLUSTER_EVENTS),
    keyPrefix: '',
    async primaries() {
      const nodes = await Promise.all(client.masters.map(nodeOf))
      return nodes.filter((node) => node !== undefined)
    },
    router: { nodeAt, primaryOf: (key) => nodeOf(client.slots[slotOf(key)]?.master) },
  }
}

interface NodeClient {
  sendCommand(args: string[]): Promise<unknown>
}

function isNodeClient(node: unknown): node is NodeClient {
  return hasMethods(node, 'sendCommand')
}

function clusterNode(address: string, node: NodeClient): RedisNode {
  return {
    client: node,
    address,
    send: (command: Command) => node.sendCommand(command),
    connectionId: () => Reflect.get(node, 'socketEpoch'),
  }
}

/** A node has no client before the first command to it. */
function isReachable(client: unknown): boolean {
  return client === undefined || Reflect.get(Object(client), 'isReady') === true
}
