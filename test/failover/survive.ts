import { expect } from 'vitest'
import type { RedisStore } from '../../src/stores/redis/store.js'
import type { RedisServer } from '../services/redis.js'
import { ask, until } from '../services/redis-cluster.js'
import { Load } from '../support/failover.js'

/** Neither a slow machine nor two calls that time out one after the other may take longer, in ms. */
const HANGS = 8000

/** What happens to a primary. */
export interface Fault {
  begin(primary: RedisServer): unknown
  /** Runs once every user is served by the server that took over. */
  end?(primary: RedisServer): unknown
}

const KILLED: Fault = { begin: (primary) => primary.stop() }

/**
 * Ends a primary under load, waits until another one took over and every user is served, and checks
 * what the store promises. @returns how long before the fault lost writes were acknowledged, in ms;
 * negative: after it.
 */
export async function survive(
  store: RedisStore,
  primary: RedisServer,
  tookOver: () => Promise<boolean>,
  { begin, end }: Fault = KILLED,
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
  await until('every user has written since', async () => load.hasRecovered(replicated))
  await begin(primary)
  const killed = performance.now()
  await until('another one took over', tookOver)
  const isServedSince = (moment: number) => async () => load.hasRecovered(moment)
  await until('every user is served again', isServedSince(performance.now()))
  if (end) {
    await end(primary)
    await until('every user is still served', isServedSince(performance.now()))
  }
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
