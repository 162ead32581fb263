import { once } from 'node:events'
import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { RedisStore } from '../../src/redis.js'
import { until } from '../services/redis-cluster.js'
import { RedisSentinels } from '../services/redis-sentinel.js'
import { listOf, loggedIn, userOf, useSites } from './fixture.js'
import { burst, burstOnThree, revokeAtEachCall } from './schedules.js'

const TIMEOUT = 60_000

const group = await RedisSentinels.start()
const client = new Redis({ sentinels: group.nodes, name: group.group, failoverDetector: true })
client.on('error', () => undefined)
await once(client, 'ready')
const store = new RedisStore({
  client,
  commandTimeout: 1000,
  waitReplicas: { replicas: 1, timeout: 500 },
})
afterAll(async () => {
  store.close()
  client.disconnect()
  await group[Symbol.asyncDispose]()
})

const start = useSites()

test('R3: by Sentinel, endAll at any store call of a login', { timeout: TIMEOUT }, () =>
  revokeAtEachCall({ store, prefix: 'calls:', start }, {}, '/login'),
)

test('R5: by Sentinel, many logins at once: the limit holds', { timeout: TIMEOUT }, async () => {
  expect(await burst({ store, prefix: 'burst:', start })).toBeLessThanOrEqual(70)
  await burstOnThree({ store, prefix: 'three:', start })
})

test('R3: lists and ends outlast a failover', { timeout: TIMEOUT }, async () => {
  const options = { store, prefix: 'failover:', reconnectTimeout: 1000 }
  const [here, there] = [await start(options), await start(options)]
  const [first, second, third] = [await loggedIn(here), await loggedIn(there), await loggedIn(here)]
  const [newest] = await listOf(first)
  expect(await here.session.of('ada').end(newest?.handle ?? '')).toBe(true)
  const primary = await group.primary()
  await primary.stop()
  await until('another one took over', async () => (await group.primary()) !== primary)
  const sessions = there.session.of('ada')
  await until('the list is read again', async () => (await sessions.list()).length === 2)
  expect(await Promise.all([first, second, third].map(userOf))).toEqual(['ada', 'ada', undefined])
  expect(await sessions.endAll()).toBe(2)
  expect(await Promise.all([first, second, third].map(userOf))).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})
