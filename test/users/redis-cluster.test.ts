import { Cluster } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { RedisStore } from '../../src/redis.js'
import { RedisCluster } from '../services/redis-cluster.js'
import { loggedIn, serveUsers, userOf, users } from './fixture.js'

// A list and its sessions are on different nodes: each command has one key.

const cluster = await RedisCluster.start()
const client = new Cluster(cluster.nodes)
afterAll(async () => {
  client.disconnect()
  await cluster[Symbol.asyncDispose]()
})

test('R3, R5: on a Cluster sessions are limited, and ended, from two processes', async () => {
  const options = { store: new RedisStore({ client }), users: { ...users, max: 5 } }
  const sites = [await serveUsers(options), await serveUsers(options)] as const
  const browsers = await Promise.all(
    Array.from({ length: 32 }, (_, at) => loggedIn(sites[at % 2 === 0 ? 0 : 1])),
  )
  const live = (await Promise.all(browsers.map(userOf))).filter((user) => user === 'ada')
  expect(live).toHaveLength(5)
  expect(await sites[0].session.of('ada').endAll()).toBe(5)
  expect((await Promise.all(browsers.map(userOf))).filter(Boolean)).toEqual([])
  for (const site of sites) await site.close()
})
