import { once } from 'node:events'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { afterEach, describe, expect, test } from 'vitest'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis.js'
import { RedisCluster } from '../services/redis-cluster.js'
import { BASICS, serve } from '../support/site.js'
import { survive } from './survive.js'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function start(): Promise<RedisCluster> {
  const cluster = await RedisCluster.start()
  ends.push(() => cluster[Symbol.asyncDispose]())
  return cluster
}

type Client = RedisStoreOptions['client']

const CLIENTS: [string, (cluster: RedisCluster) => Promise<Client>][] = [
  [
    'ioredis',
    async (cluster) => {
      const client = new Cluster(cluster.nodes)
      ends.push(() => client.disconnect())
      await once(client, 'ready')
      return client
    },
  ],
  [
    'node-redis',
    async (cluster) => {
      const client = createCluster({
        rootNodes: cluster.urls.map((url) => ({ url })),
        topologyRefreshOnReconnectionAttemptStrategy: 500,
      })
      ends.push(() => client.destroy())
      await client.connect()
      return client
    },
  ],
]

describe.each(CLIENTS)('six nodes, through %s', (_name, connect) => {
  test.each([
    {},
    { waitReplicas: { replicas: 1, timeout: 500 } },
  ])('a primary is killed under load: 503 or a wait, and then service again (%j)', async (options) => {
    const cluster = await start()
    const client = await connect(cluster)
    const store = new RedisStore({ client, commandTimeout: 1000, ...options })
    ends.push(() => store.close())
    let disconnects = 0
    store.on('disconnect', () => disconnects++)
    const primary = await cluster.primaryOf(0)
    const waits = 'waitReplicas' in options
    const lost = await survive(store, primary, async () => {
      if ((await cluster.primaryOf(0)) === primary) return false
      // Whoever took over was the only replica: writes that wait for one need the old node back.
      if (waits) await primary.start()
      return true
    })
    // Whoever waited for the replica has lost nothing; otherwise what was not sent to it yet.
    if (waits) expect(lost).toEqual([])
    // One of six nodes is no outage.
    expect(disconnects).toBe(0)
  })

  test('when all nodes are gone, it says disconnect: requests get a 503, and go on when they are back', async () => {
    const cluster = await start()
    const store = new RedisStore({ client: await connect(cluster), commandTimeout: 1000 })
    ends.push(() => store.close())
    const site = await serve(BASICS, { store, reconnectTimeout: 50 })
    ends.push(() => site.close())
    const user = site.browser()
    expect((await user.get('/set')).status).toBe(200)
    const heard = (event: 'connect' | 'disconnect') =>
      new Promise<void>((resolve) => store.on(event, resolve))
    const down = heard('disconnect')
    await Promise.all(cluster.servers.map((server) => server.stop()))
    // Some clients notice only when they are asked something.
    const asked = user.get('/set')
    await down
    expect((await asked).status).toBe(503)
    expect((await user.get('/set')).status).toBe(503)
    for (const error of site.errors)
      expect(error).toMatchObject({ code: 'ERR_SESSION_UNAVAILABLE', status: 503 })
    const up = heard('connect')
    // Each node finds its part of the cluster in its folder; its sessions it has lost.
    await Promise.all(cluster.servers.map((server) => server.start()))
    await up
    await cluster.whole()
    await expect.poll(async () => (await user.get('/set')).status, { timeout: 10_000 }).toBe(200)
  })
})
