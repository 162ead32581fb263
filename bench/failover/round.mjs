import { setTimeout as sleep } from 'node:timers/promises'
import { RedisStore } from '../../src/stores/redis/store.ts'
import { Load } from '../../test/support/failover.ts'
import { FAULTS } from './faults.mjs'
import { GROUPS, SETUPS } from './setups.mjs'

const WARM_UP_MS = 500
const LONGEST_MS = 60_000
const WAIT_MS = 500

/** Ends or hangs one primary under load. @returns what its users saw. */
export async function round({ setup, fault, waits, users, commandTimeout }) {
  const { group: kind, connect } = SETUPS[setup]
  const { start, primary, replicas } = GROUPS[kind]
  const { before, begin, end } = FAULTS[fault]
  const group = await start()
  const { client, quit } = await connect(group)
  const waitReplicas = waits && { replicas: waits, timeout: WAIT_MS }
  const store = new RedisStore({ client, commandTimeout, waitReplicas })
  try {
    const load = await Load.start(store, { users })
    await sleep(WARM_UP_MS)
    const [victim, followers] = [await primary(group), await replicas(group)]
    await before?.({ victim, followers })
    const hungSince = performance.now()
    await begin({ victim, followers })
    const begun = end ? hungSince : performance.now()
    await until(async () => (await primary(group)) !== victim)
    if (end) await end({ victim, hungSince, until })
    // The new primary was the only replica: writes that wait for a replica need the old node back.
    else if (waits && kind === 'cluster') await victim.start()
    const over = performance.now()
    await until(async () => load.hasRecovered(over))
    await load.stop()
    return load.outcome(begun)
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
