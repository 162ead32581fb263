export type { RedisClient } from './stores/redis/client.js'
export type { GlideLike } from './stores/redis/glide.js'
export type { IoRedisClusterLike, IoRedisLike } from './stores/redis/ioredis.js'
export type {
  NodeRedisClusterLike,
  NodeRedisLike,
  NodeRedisPoolLike,
  NodeRedisSentinelLike,
} from './stores/redis/node-redis.js'
export type { WaitReplicas } from './stores/redis/replicas.js'
export { RedisStore, type RedisStoreOptions } from './stores/redis/store.js'
