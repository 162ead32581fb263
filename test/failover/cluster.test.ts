import { once } from 'node:events'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { describe, test } from 'vitest'
import { slotOf } from '../../src/stores/redis/command.js'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import { ask, idOf, RedisCluster, until } from '../services/redis-cluster.js'
import { Load } from '../support/failover.js'
import { BASICS, serve } from '../support/site.js'
import { type Fault, survive } from './survive.js'

/** Registers what runs when the test is over. */
type Finally = (end: () => void | Promise<void>) => void

async function start(atEnd: Finally): Promise<RedisCluster> {
  const cluster = await RedisCluster.start()
  atEnd(() => cluster[Symbol.asyncDispose]())
  return cluster
}

type Connect = (cluster: RedisCluster, atEnd: Finally) => Promise<RedisStoreOptions['client']>

const CLIENTS: [string, Connect][] = [
  [
    'ioredis',
    async (cluster, atEnd) => {
      const client = new Cluster(cluster.nodes)
      atEnd(() => client.disconnect())
      await once(client, 'ready')
      return client
    },
  ],
  [
    'node-redis',
    async (cluster, atEnd) => {
      const client = createCluster({
        rootNodes: cluster.urls.map((url) => ({ url })),
        topologyRefreshOnReconnectionAttemptStrategy: 500,
      })
      atEnd(() => client.destroy())
      await client.connect()
      return client
    },
  ],
]

// Most of a failover is waiting, so these run side by side.
describe.for(CLIENTS)('six nodes, through %s', { timeout: 60_000 }, ([, connect]) => {
  test.concurrent.for([
    {},
    { waitReplicas: { replicas: 1, timeout: 500 } },
  ])('a primary is killed under load: 503 or a wait, and then service again (%j)', async (options, {
    expect,
    onTestFinished,
  }) => {
    const cluster = await start(onTestFinished)
    const client = await connect(cluster, onTestFinished)
    const store = new RedisStore({ client, commandTimeout: 1000, ...options })
    onTestFinished(() => store.close())
    let disconnects = 0
    store.on('disconnect', () => disconnects++)
    const primary = await cluster.primaryOf(0)
    const waits = 'waitReplicas' in options
    const lost = await survive(store, primary, async () => {
      if ((await cluster.primaryOf(0)) === primary) return false
      // The new primary was the only replica: writes that wait for one need the old node back.
      if (waits) await primary.start()
      return true
    })
    // Writes that waited for the replica are kept; others may not have reached it.
    if (waits) expect(lost).toEqual([])
    // One of six nodes is no outage.
    expect(disconnects).toBe(0)
  })

  test.concurrent('with waitReplicas: slots move under load, and a primary hangs and comes back: nothing is lost', async ({
    expect,
    onTestFinished,
  }) => {
    const cluster = await start(onTestFinished)
    const client = await connect(cluster, onTestFinished)
    const waitReplicas = { replicas: 1, timeout: 500 }
    const store = new RedisStore({ client, commandTimeout: 1000, waitReplicas })
    onTestFinished(() => store.close())
    const load = await Load.start(store, { reconnectTimeout: 1000 })
    await moveAllSlotsInUse(cluster)
    const moved = performance.now()
    await until('every user is served', async () => load.hasRecovered(moved))
    await load.stop()
    const { statuses, lost } = load.outcome(moved)
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([])
    expect(lost).toEqual([])
    const primary = await cluster.primaryOf(0)
    const hang: Fault = { begin: () => primary.pause() }
    const lostByHang = await survive(
      store,
      primary,
      async () => {
        if ((await cluster.primaryOf(0)) === primary) return false
        primary.resume()
        return true
      },
      hang,
    )
    expect(lostByHang).toEqual([])
  })

  test.concurrent('when all nodes are gone, it says disconnect: requests get a 503, and go on when they are back', async ({
    expect,
    onTestFinished,
  }) => {
    const cluster = await start(onTestFinished)
    const client = await connect(cluster, onTestFinished)
    const store = new RedisStore({ client, commandTimeout: 1000 })
    onTestFinished(() => store.close())
    const site = await serve(BASICS, { store, reconnectTimeout: 50 })
    onTestFinished(() => site.close())
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
    await expect.poll(async () => (await user.get('/set')).status, { timeout: 40_000 }).toBe(200)
  })
})

/** Moves each slot of the first primary that holds a key to the second one, as `redis-cli` does. */
async function moveAllSlotsInUse(cluster: RedisCluster): Promise<void> {
  const [first, second] = await cluster.shards()
  const [source, target] = await Promise.all(
    [first, second].map((one) => cluster.primaryOf(one?.from ?? 0)),
  )
  if (!source || !target) throw new Error('Two primaries')
  const [from, to] = await Promise.all([source, target].map(idOf))
  const keys = await ask(source, (client) => client.keys('*'))
  for (const slot of new Set(keys.map(slotOf))) {
    await ask(target, (client) => client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', `${from}`))
    await ask(source, async (client) => {
      await client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', `${to}`)
      const held = await client.call('CLUSTER', 'GETKEYSINSLOT', slot, 1000)
      const names = Array.isArray(held) ? held.map(String) : []
      await client.call('MIGRATE', '127.0.0.1', target.port, '', 0, 1000, 'KEYS', ...names)
    })
    for (const server of [target, source])
      await ask(server, (client) => client.call('CLUSTER', 'SETSLOT', slot, 'NODE', `${to}`))
  }
}
