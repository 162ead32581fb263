import { randomUUID } from 'node:crypto'
import { Cluster } from 'ioredis'
import { afterAll, describe, expect, test } from 'vitest'
import { RedisStore } from '../../src/redis.js'
import { RedisCluster } from '../services/redis-cluster.js'
import { useSites } from './fixture.js'
import { burst, burstOnThree, revokeAtEachCall, type Stage } from './schedules.js'

// A list and its sessions are on different nodes: each command has one key.

const cluster = await RedisCluster.start()
const client = new Cluster(cluster.nodes)
const store = new RedisStore({ client })
afterAll(async () => {
  store.close()
  client.disconnect()
  await cluster[Symbol.asyncDispose]()
})

const start = useSites()

const stage = (): Stage => ({ store, prefix: `test:${randomUUID()}:`, start })

describe('on a Cluster', () => {
  test.each([
    '/login',
    '/login-here',
    '/login-by-update',
    '/rotate',
  ])('R3: endAll at any store call of %s', (path) => revokeAtEachCall(stage(), {}, path))

  test('R5: 64 logins of one user at once: the limit holds, with at most 70 compare-and-sets', async () => {
    expect(await burst(stage())).toBeLessThanOrEqual(70)
  })

  test('R3, R5: logins on three processes at once are limited, and ended', () =>
    burstOnThree(stage()))
})
