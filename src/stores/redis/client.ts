import { SessionError } from '../../util/errors.js'
import type { Connection } from './connection.js'
import { connectGlide, type GlideLike, isGlide } from './glide.js'
import {
  connectIoRedis,
  connectIoRedisCluster,
  type IoRedisClusterLike,
  type IoRedisLike,
  isIoRedis,
  isIoRedisCluster,
} from './ioredis.js'
import {
  connectNodeRedis,
  connectNodeRedisCluster,
  connectNodeRedisPool,
  connectNodeRedisSentinel,
  isNodeRedis,
  isNodeRedisCluster,
  isNodeRedisPool,
  isNodeRedisSentinel,
  type NodeRedisClusterLike,
  type NodeRedisLike,
  type NodeRedisPoolLike,
  type NodeRedisSentinelLike,
} from './node-redis.js'

export type RedisClient =
  | IoRedisLike
  | IoRedisClusterLike
  | NodeRedisLike
  | NodeRedisClusterLike
  | NodeRedisPoolLike
  | NodeRedisSentinelLike
  | GlideLike

/**
 * Detects the client library and wraps the client. The order matters: a Sentinel client also looks
 * like a plain client of node-redis, for example.
 * @throws {SessionError} ERR_SESSION_CLIENT if it is not a known client.
 */
export function connect(client: unknown): Connection {
  if (isIoRedisCluster(client)) return connectIoRedisCluster(client)
  if (isIoRedis(client)) return connectIoRedis(client)
  if (isNodeRedisCluster(client)) return connectNodeRedisCluster(client)
  if (isNodeRedisSentinel(client)) return connectNodeRedisSentinel(client)
  if (isNodeRedisPool(client)) return connectNodeRedisPool(client)
  if (isNodeRedis(client)) return connectNodeRedis(client)
  if (isGlide(client)) return connectGlide(client)
  throw new SessionError(
    'ERR_SESSION_CLIENT',
    'new RedisStore({ client }) takes a connected client: Redis or Cluster of ioredis or iovalkey; createClient, createCluster, createClientPool or createSentinel of node-redis; or a client of valkey-glide.',
  )
}
