import { setTimeout as sleep } from 'node:timers/promises'
import { RedisStore } from '../../src/stores/redis/store.ts'
import { ask } from '../../test/services/redis-cluster.ts'
import { Load } from '../../test/support/failover.ts'
import { GROUPS, SETUPS } from './setups.mjs'

const WARM_UP_MS = 500
const LONGEST_MS = 30_000
const WAIT_MS = 500

/** Kills one primary under load. @returns what its users saw. */
export async function round({ setup, waits, cutOff, users, commandTimeout }) {
  const { group: kind, connect } = SETUPS[setup]
  const { start, primary, replicas } = GROUPS[kind]
  const group = await start()
  const { client, quit } = await connect(group)
  const waitReplicas = waits ? { replicas: 1, timeout: WAIT_MS } : undefined
  const store = new RedisStore({ client, commandTimeout, waitReplicas })
  try {
    const load = await Load.start(store, { users })
    await sleep(WARM_UP_MS)
    const [victim, followers] = [await primary(group), await replicas(group)]
    if (cutOff > 0) {
      for (const follower of followers) follower.pause()
      // Without this, data in their socket buffers would still reach the replicas.
      await ask(victim, (one) => one.call('CLIENT', 'KILL', 'TYPE', 'REPLICA'))
      await sleep(cutOff)
    }
    await victim.stop()
    const killed = performance.now()
    for (const follower of followers) follower.resume()
    await until(async () => (await primary(group)) !== victim)
    // The new primary was the only replica: writes that wait for a replica need the old node back.
    if (waits && kind === 'cluster') await victim.start()
    const over = performance.now()
    await until(async () => load.hasRecovered(over))
    await load.stop()
    return load.outcome(killed)
  } finally {
    store.close()
    await quit()
    await group[Symbol.asyncDispose]()
  }
}

async function until(holds) {
  const deadline = Date.now() + LONGEST_MS
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`Not served again after ${LONGEST_MS} ms`)
    await sleep(20)
  }
}
