import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisServer } from '../../services/redis.js'
import { until } from '../../services/redis-cluster.js'
import type { Random } from '../random.js'

/** Primaries with replicas that take over. */
export interface Failing {
  /** Kills a primary, waits until a replica took over, and starts the old one as its replica. */
  failover(random: Random): Promise<void>
  /** Stops a primary for a while. */
  hang(random: Random, ms: number): Promise<void>
  /** Waits until every replica follows again. */
  whole(): Promise<void>
}

interface Group {
  primary(random: Random): Promise<RedisServer>
  tookOver(old: RedisServer): Promise<boolean>
  whole(): Promise<void>
}

export function failing({ primary, tookOver, ...group }: Group): Failing {
  const whole = () => patiently(group.whole, 3)
  return {
    async failover(random) {
      const server = await primary(random)
      await server.stop()
      // It keeps no data on disk: started sooner, it would empty its replicas.
      await until('a replica took over', () => tookOver(server))
      await server.start()
      await whole()
    },
    async hang(random, ms) {
      const server = await primary(random)
      server.pause()
      await sleep(ms)
      server.resume()
      await whole()
    },
    whole,
  }
}

/** On a busy machine sentinels need longer than one wait lasts. */
async function patiently(wait: () => Promise<void>, tries: number): Promise<void> {
  try {
    await wait()
  } catch (error) {
    if (tries === 1) throw error
    await patiently(wait, tries - 1)
  }
}
