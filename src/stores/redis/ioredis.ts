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
import { DatabaseCheck, indexOf } from './database-check.js'
import { warnWithoutFailoverDetector } from './failover-warning.js'
import { sendsScriptsByKey } from './pipelining.js'
import { WriteBatcher } from './write-batcher.js'

/** A connected `Redis` of ioredis or iovalkey (by Sentinel too), as far as the store uses it. */
export interface IoRedisLike extends Emitter {
  call(command: string, ...args: string[]): Promise<unknown>
  getBuffer?(key: string): Promise<unknown>
  getexBuffer?(key: string, token: 'PX', ms: string): Promise<unknown>
  readonly status: string
}

/** A connected `Cluster` of ioredis or iovalkey, as far as the store uses it. */
export interface IoRedisClusterLike extends IoRedisLike {
  nodes(role: 'master' | 'all'): IoRedisLike[]
  /** The addresses of each slot, the primary's first. */
  readonly slots: string[][]
}

const EVENTS = { changes: ['ready', 'close', 'end', 'reconnecting'] }
const CLUSTER_EVENTS = { ...EVENTS, nodeErrors: ['node error'] }

export function isIoRedis(client: unknown): client is IoRedisLike {
  return hasMethods(client, 'call', 'on', 'off') && 'status' in client
}

export function isIoRedisCluster(client: unknown): client is IoRedisClusterLike {
  return hasMethods(client, 'call', 'nodes', 'on', 'off') && 'slots' in client
}

export function connectIoRedis(client: IoRedisLike): Connection {
  warnWithoutFailoverDetector(optionsOf(client))
  const batcher = new WriteBatcher(client)
  const connectionId = () => Reflect.get(client, 'stream')
  const database = new DatabaseCheck({
    index: () => databaseOf(client),
    connectionId,
    select: (index) => client.call('select', index),
  })
  const run = (work: () => Promise<unknown>): Promise<unknown> => {
    batcher.batch()
    return database.run(work)
  }
  const send = (command: Command) => run(() => client.call(...command))
  return {
    send,
    read: (command) => run(() => readBytes(client, command)),
    isConnected: () => isConnected(client),
    ...watchEvents(client, EVENTS),
    keyPrefix: keyPrefixOf(client),
    ...singleNode({ client, address: '', send, connectionId }),
  }
}

/**
 * Commands are not batched, as a Cluster has a socket for each node.
 * @throws {SessionError} ERR_SESSION_CLIENT if it reads from replicas, sends scripts to other nodes, or
 * is to use another database than 0.
 */
export function connectIoRedisCluster(client: IoRedisClusterLike): Connection {
  assertReadsPrimaries(client)
  assertSendsScripts(client)
  assertFirstDatabase(client)
  const keyPrefix = keyPrefixOf(client)
  const primaries = () => client.nodes('master').map((node) => clusterNode(node, keyPrefix))
  const nodeAt = (address: string) => primaries().find((node) => node.address === address)
  return {
    send: (command) => client.call(...command),
    read: (command) => readBytes(client, command),
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
  const events = watchEvents(client, CLUSTER_EVENTS)
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

function assertSendsScripts(client: IoRedisClusterLike): void {
  if (optionOf(client, 'enableAutoPipelining') !== true || sendsScriptsByKey(client)) return
  throw new SessionError(
    'ERR_SESSION_CLIENT',
    'This version of the client sends scripts of a Cluster to a wrong node if enableAutoPipelining is on (ioredis up to 5.10, iovalkey 0.4). Update it, leave enableAutoPipelining off, or set autoPipeliningIgnoredCommands: ["eval", "evalsha"].',
  )
}

/** The client would ignore the index. */
function assertFirstDatabase(client: IoRedisClusterLike): void {
  const index: unknown = Reflect.get(Object(optionOf(client, 'redisOptions')), 'db')
  if (indexOf(index) === 0) return
  throw new SessionError(
    'ERR_SESSION_CLIENT',
    'A Cluster of this client has only database 0. Leave redisOptions.db out, and use the option prefix to keep applications apart.',
  )
}

/** The database that was selected last, or is to be selected after connecting. */
function databaseOf(client: IoRedisLike): number {
  const selected: unknown = Reflect.get(Object(Reflect.get(client, 'condition')), 'select')
  return indexOf(selected ?? optionOf(client, 'db'))
}

/** As bytes: a value that is not UTF-8 would otherwise look like one that is. */
function readBytes(client: IoRedisLike, command: Command): Promise<unknown> {
  const [name, key = '', , ms = ''] = command
  if (name === 'get' && client.getBuffer) return client.getBuffer(key)
  if (name === 'getex' && client.getexBuffer) return client.getexBuffer(key, 'PX', ms)
  return client.call(...command)
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
