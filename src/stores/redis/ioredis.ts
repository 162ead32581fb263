import { SessionError } from '../../util/errors.js'
import { hasMethods } from '../../util/shape.js'
import { type Command, slotOf, withPrefix } from './command.js'
import {
  type Connection,
  type Emitter,
  type RedisNode,
  singleNode,
  watchEvents,
} from './connection.js'
import { warnWithoutFailoverDetector } from './failover-warning.js'
import { WriteBatcher } from './write-batcher.js'

/** A connected `Redis` of ioredis or iovalkey (by Sentinel too), as far as the store uses it. */
export interface IoRedisLike extends Emitter {
  call(command: string, ...args: string[]): Promise<unknown>
  readonly status: string
}

/** A connected `Cluster` of ioredis or iovalkey, as far as the store uses it. */
export interface IoRedisClusterLike extends IoRedisLike {
  nodes(role: 'master' | 'all'): IoRedisLike[]
  /** The addresses of each slot, the primary's first. */
  readonly slots: string[][]
}

const EVENTS = { changes: ['ready', 'close', 'end', 'reconnecting'] }

export function isIoRedis(client: unknown): client is IoRedisLike {
  return hasMethods(client, 'call', 'on', 'off') && 'status' in client
}

export function isIoRedisCluster(client: unknown): client is IoRedisClusterLike {
  return hasMethods(client, 'call', 'nodes', 'on', 'off') && 'slots' in client
}

export function connectIoRedis(client: IoRedisLike): Connection {
  warnWithoutFailoverDetector(optionsOf(client))
  const batcher = new WriteBatcher(client)
  const send = (command: Command) => {
    batcher.batch()
    return client.call(...command)
  }
  return {
    send,
    isConnected: () => isConnected(client),
    ...watchEvents(client, EVENTS),
    keyPrefix: keyPrefixOf(client),
    ...singleNode({ client, address: '', send, connectionId: () => Reflect.get(client, 'stream') }),
  }
}

/**
 * Commands are not batched, as a Cluster has a socket for each node.
 * @throws {SessionError} ERR_SESSION_CLIENT if it reads from replicas.
 */
export function connectIoRedisCluster(client: IoRedisClusterLike): Connection {
  assertReadsPrimaries(client)
  const keyPrefix = keyPrefixOf(client)
  const primaries = () => client.nodes('master').map((node) => clusterNode(node, keyPrefix))
  const nodeAt = (address: string) => primaries().find((node) => node.address === address)
  return {
    send: (command) => client.call(...command),
    isConnected: () => isConnected(client),
    ...watchCluster(client),
    keyPrefix,
    async primaries() {
      // Before it is ready, the client lists every node that it was given as a primary.
      if (client.status !== 'ready') await client.call('ping')
      return primaries()
    },
    router: {
      nodeAt,
      primaryOf: (key) => nodeAt(client.slots[slotOf(keyPrefix + key)]?.[0] ?? ''),
    },
  }
}

/** A Cluster emits no event if one of its nodes reconnects by itself, so each node is watched. */
function watchCluster(client: IoRedisClusterLike): Pick<Connection, 'subscribe' | 'unsubscribe'> {
  const events = watchEvents(client, EVENTS)
  const watched = new Set<IoRedisLike>()
  let onBreak = () => {}
  const forget = (node: IoRedisLike) => {
    node.off('close', onBreak)
    watched.delete(node)
  }
  const watchNodes = () => {
    const nodes = client.nodes('all')
    for (const node of watched) if (!nodes.includes(node) && node.status === 'end') forget(node)
    for (const node of nodes) {
      if (watched.has(node)) continue
      watched.add(node)
      node.on('close', onBreak)
    }
  }
  return {
    subscribe(listeners) {
      onBreak = listeners.onBreak
      events.subscribe(listeners)
      client.on('+node', watchNodes)
      watchNodes()
    },
    unsubscribe(listeners) {
      events.unsubscribe(listeners)
      client.off('+node', watchNodes)
      for (const node of watched) forget(node)
    },
  }
}

/** `wait` is the status of a lazy client, which connects at its first command. */
function isConnected(client: IoRedisLike): boolean {
  return client.status === 'ready' || client.status === 'wait'
}

function assertReadsPrimaries(client: IoRedisClusterLike): void {
  const reads = optionOf(client, 'scaleReads')
  if (reads === undefined || reads === 'master') return
  throw new SessionError(
    'ERR_SESSION_CLIENT',
    'Replicas lag behind, so a read could miss a session that was just written. Create the Cluster with scaleReads: "master".',
  )
}

function clusterNode(node: IoRedisLike, keyPrefix: string): RedisNode {
  // The node adds the prefix by itself only if keyPrefix is in the redisOptions of the Cluster.
  const missing = keyPrefixOf(node) === '' ? keyPrefix : ''
  return {
    client: node,
    address: `${optionOf(node, 'host')}:${optionOf(node, 'port')}`,
    send: (command) => node.call(...withPrefix(missing, command)),
    connectionId: () => Reflect.get(node, 'stream'),
  }
}

function keyPrefixOf(client: object): string {
  const prefix = optionOf(client, 'keyPrefix')
  return typeof prefix === 'string' ? prefix : ''
}

function optionOf(client: object, name: string): unknown {
  return Reflect.get(optionsOf(client), name)
}

function optionsOf(client: object): object {
  return Object(Reflect.get(client, 'options'))
}
