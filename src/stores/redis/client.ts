import { SessionError } from '../../util/errors.js'
import {
  type IoRedisClusterLike,
  type IoRedisLike,
  ioRedisCluster,
  isIoRedisCluster,
  isNodeRedisCluster,
  type NodeRedisClusterLike,
  nodeRedisCluster,
} from './cluster.js'
import type { Command } from './command.js'
import {
  type Connection,
  type Emitter,
  hasMethods,
  hidden,
  IOREDIS_EVENTS,
  keyPrefixOf,
  type RedisNode,
  watching,
} from './connection.js'
import { type GlideLike, glide, isGlide } from './glide.js'
import { Cork } from './write-batcher.js'

/** A connected client of node-redis (`createClient`), as far as it is used. */
export interface NodeRedisLike extends Emitter {
  sendCommand(args: string[]): Promise<unknown>
  readonly isReady: boolean
}

/** A connected pool of node-redis (`createClientPool`), as far as it is used. */
export interface NodeRedisPoolLike extends Emitter {
  sendCommand(args: string[]): Promise<unknown>
  readonly totalClients: number
}

/** A connected client of node-redis by Sentinel (`createSentinel`), as far as it is used. */
export interface NodeRedisSentinelLike extends Emitter {
  sendCommand(isReadonly: boolean, args: string[]): Promise<unknown>
  getSentinelNode(): unknown
  readonly isReady: boolean
}

export type RedisClient =
  | IoRedisLike
  | IoRedisClusterLike
  | NodeRedisLike
  | NodeRedisClusterLike
  | NodeRedisPoolLike
  | NodeRedisSentinelLike
  | GlideLike

/** @throws {SessionError} ERR_SESSION_CLIENT when the client is none that is known. */
export function connect(client: unknown): Connection {
  if (isIoRedisCluster(client)) return ioRedisCluster(client)
  if (isIoRedis(client)) return ioRedis(client)
  if (isNodeRedisCluster(client)) return nodeRedisCluster(client)
  if (isNodeRedisSentinel(client)) return nodeRedisSentinel(client)
  if (isNodeRedisPool(client)) return nodeRedisPool(client)
  if (isNodeRedis(client)) return nodeRedis(client)
  if (isGlide(client)) return glide(client)
  throw new SessionError(
    'ERR_SESSION_CLIENT',
    'new RedisStore({ client }) takes a connected client: Redis or Cluster of ioredis or iovalkey, createClient, createCluster, createClientPool or createSentinel of node-redis, or a client of valkey-glide',
  )
}

// A client that gives up says so by an error alone.
const NODE_REDIS_EVENTS = ['ready', 'end', 'reconnecting', 'error']

/** A single server is the primary of every key. */
function alone(node: RedisNode): Pick<Connection, 'primaries' | 'router'> {
  return { primaries: () => [node], router: { primaryOf: () => node, at: () => node } }
}

/** ioredis and iovalkey. The names of commands in lower case, as iovalkey prefixes only the keys of those. */
function ioRedis(client: IoRedisLike): Connection {
  const cork = new Cork(client)
  const send = (command: Command) => {
    cork.hold()
    return client.call(...command)
  }
  return {
    send,
    // A lazy client connects with its first command.
    isUp: () => client.status === 'ready' || client.status === 'wait',
    ...watching(client, IOREDIS_EVENTS),
    keyPrefix: keyPrefixOf(client),
    ...alone({ client, address: '', send, connection: () => Reflect.get(client, 'stream') }),
  }
}

function nodeRedis(client: NodeRedisLike): Connection {
  const send = (command: Command) => client.sendCommand(command)
  return {
    send,
    isUp: () => client.isReady,
    ...watching(client, NODE_REDIS_EVENTS),
    keyPrefix: '',
    ...alone({ client, address: '', send, connection: () => Reflect.get(client, 'socketEpoch') }),
  }
}

function nodeRedisSentinel(client: NodeRedisSentinelLike): Connection {
  return {
    ...hidden(client, (command) => client.sendCommand(false, command)),
    isUp: () => client.isReady,
    ...watching(client, NODE_REDIS_EVENTS),
    keyPrefix: '',
  }
}

/** Its clients come and go as they are needed: there is no connection that could be down. */
function nodeRedisPool(client: NodeRedisPoolLike): Connection {
  return {
    ...hidden(client, (command) => client.sendCommand(command)),
    isUp: () => true,
    ...watching(client, []),
    keyPrefix: '',
  }
}

function isIoRedis(client: unknown): client is IoRedisLike {
  return hasMethods(client, 'call', 'on', 'off') && 'status' in client
}

function isNodeRedis(client: unknown): client is NodeRedisLike {
  return hasMethods(client, 'sendCommand', 'on', 'off') && 'isReady' in client
}

function isNodeRedisPool(client: unknown): client is NodeRedisPoolLike {
  return hasMethods(client, 'sendCommand', 'execute', 'on', 'off') && 'totalClients' in client
}

function isNodeRedisSentinel(client: unknown): client is NodeRedisSentinelLike {
  return isNodeRedis(client) && hasMethods(client, 'getSentinelNode')
}
