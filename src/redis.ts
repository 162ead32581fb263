export {
  type GlideLike,
  type IoRedisClusterLike,
  type IoRedisLike,
  type NodeRedisClusterLike,
  type NodeRedisLike,
  type NodeRedisPoolLike,
  type NodeRedisSentinelLike,
  type RedisClient,
  RedisStore,
  type RedisStoreOptions,
  type WaitReplicas,
} from './stores/redis/store.js'
