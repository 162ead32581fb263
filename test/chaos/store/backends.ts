import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MariadbServer } from '../../services/mariadb.js'
import { PostgresServer } from '../../services/postgres.js'
import { RedisServer } from '../../services/redis.js'
import { ask, RedisCluster } from '../../services/redis-cluster.js'
import { RedisSentinels } from '../../services/redis-sentinel.js'
import type { Server } from '../../services/server.js'
import type { Address } from '../server/open.js'
import { type Failing, failing } from './failover.js'
import { StoreProxy } from './proxy.js'

/** A running store, and what can be done to it. */
export interface Backend extends AsyncDisposable {
  address: Address
  /** Server processes connect to the store through it. */
  proxy?: StoreProxy
  /** Stops the store, keeps what it acknowledged, and starts it again. */
  restart?(): Promise<void>
  /** Primaries that can be killed or hung. */
  failing?: Failing
}

export const BACKENDS = {
  memory: async () => ({
    address: { client: 'memory', url: '' },
    [Symbol.asyncDispose]: async () => undefined,
  }),
  sqlite: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'koa-sess-chaos-'))
    return {
      address: { client: 'sqlite', url: join(folder, 'sessions') },
      [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
    }
  },
  redis: () => redis('ioredis'),
  'node-redis': () => redis('node-redis'),
  'redis-cluster': async () => {
    const cluster = await RedisCluster.start()
    return {
      address: { client: 'cluster', url: '', nodes: cluster.nodes, replicas: 1 },
      failing: failing({
        primary: (random) => cluster.primaryOf(random.between(0, 16_383)),
        tookOver: async (old) => !(await cluster.shards()).some(({ port }) => port === old.port),
        whole: () => cluster.whole(),
      }),
      [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
    }
  },
  sentinel: async () => {
    const trio = await RedisSentinels.start()
    const { nodes, group } = trio
    return {
      // Both replicas: one without the last writes might be promoted.
      address: { client: 'sentinel', url: '', nodes, group, replicas: 2 },
      failing: failing({
        primary: () => trio.primary(),
        tookOver: async (old) => (await trio.primary()) !== old,
        whole: () => trio.whole(),
      }),
      [Symbol.asyncDispose]: () => trio[Symbol.asyncDispose](),
    }
  },
  postgres: async () => {
    const server = await PostgresServer.start()
    return proxied('pg', server, () => server.restart())
  },
  mysql: async () => {
    const server = await MariadbServer.start()
    return proxied('mysql2', server, () => server.restart())
  },
} satisfies Record<string, () => Promise<Backend>>

async function redis(client: Address['client']): Promise<Backend> {
  const server = await RedisServer.start()
  return proxied(client, server, async () => {
    await ask(server, (asked) => asked.shutdown('SAVE')).catch(() => undefined)
    await server.restart()
  })
}

async function proxied(
  client: Address['client'],
  server: Server & { url: string },
  restart: () => Promise<void>,
): Promise<Backend> {
  const proxy = await StoreProxy.start(server.port)
  return {
    address: { client, url: server.url.replace(`:${server.port}`, `:${proxy.port}`) },
    proxy,
    restart,
    async [Symbol.asyncDispose]() {
      await proxy.close()
      await server[Symbol.asyncDispose]()
    },
  }
}
