import { expect } from 'vitest'
import type { RedisStore } from '../../src/stores/redis/store.js'
import type { RedisServer } from '../services/redis.js'
import { ask, until } from '../services/redis-cluster.js'
import { Load } from '../support/failover.js'

/** Neither a slow machine nor two calls that time out one after the other may take longer, in ms. */
const HANGS = 8000

/**
 * Kills a primary with users at work, waits until another one took over and everybody is served,
 * and holds the store to its promises. @returns how long before the kill lost writes were made, in ms.
 */
export async function survive(
  store: RedisStore,
  primary: RedisServer,
  tookOver: () => Promise<boolean>,
): Promise<number[]> {
  const load = await Load.start(store, { reconnectTimeout: 1000 })
  // All that was written until now is on every replica that there is.
  await until('a replica has it', () =>
    ask(primary, async (client) => {
      await client.set('replicated', 'all of it')
      return (await client.wait(1, 1000)) >= 1
    }),
  )
  const replicated = performance.now()
  await until('somebody has written since', async () => load.hasRecovered(replicated))
  await primary.stop()
  const killed = performance.now()
  await until('another one took over', tookOver)
  const over = performance.now()
  await until('everybody is served again', async () => load.hasRecovered(over))
  await load.stop()
  const { statuses, longest, failed, lost } = load.outcome(killed)
  expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([])
  expect(longest).toBeLessThan(HANGS)
  expect(load.site.errors.length).toBe(failed)
  for (const error of load.site.errors)
    expect(error).toMatchObject({ code: 'ERR_SESSION_UNAVAILABLE', status: 503 })
  const old = lost.filter((before) => before > killed - replicated)
  expect(old, 'replicated writes were lost').toEqual([])
  return lost
}
