import { Redis } from 'ioredis'
import { SCHEDULES } from './schedules.mjs'
import { SETUPS } from './setups.mjs'
import { FAULTS, Trial } from './trial.mjs'

/** Plays every schedule on every setup, plain and rolling: one entry for each, with each round's faults. */
export async function runAll({ url, rounds }) {
  const client = new Redis(url)
  const redis = {
    async values() {
      const keys = await client.keys('*')
      return Promise.all(keys.map(async (key) => [key, await client.get(key)]))
    },
    // A deadline in the past: the server expires the key, as it would have later.
    expire: (key) => client.pexpireat(key, 1),
    clear: () => client.flushdb(),
  }
  const results = []
  for (const setup of SETUPS) {
    for (const rolling of [false, true]) {
      const stage = {}
      const site = await setup.open({ rolling, stage, url })
      const behind = site.behind ?? redis
      for (const schedule of SCHEDULES) {
        const found = []
        for (let round = 0; round < rounds; round++) {
          await behind.clear()
          found.push(await play(schedule, new Trial(site, behind, stage), setup))
        }
        results.push({ schedule: schedule.name, setup: setup.name, rolling, rounds: found })
      }
      await behind.clear()
      await site.close()
    }
  }
  await client.quit()
  return results
}

async function play(schedule, trial, setup) {
  try {
    const faults = await schedule.run(trial)
    return FAULTS.filter((fault) => faults.includes(fault))
  } catch (cause) {
    throw new Error(`${setup.name}: ${schedule.name}`, { cause })
  }
}

/** The worst of the rounds: every fault that any of them had. */
export function worst({ rounds }) {
  return FAULTS.filter((fault) => rounds.some((faults) => faults.includes(fault)))
}

/** What must not be: rounds that differ, and a strong store of koa-sess that does not hold. */
export function complaints(results) {
  const strong = SETUPS.filter((setup) => setup.strong).map(({ name }) => name)
  const list = []
  for (const result of results) {
    const label = `${result.setup}, ${result.rolling ? 'rolling' : 'plain'}: ${result.schedule}`
    if (new Set(result.rounds.map(String)).size > 1)
      list.push(`${label}: the rounds differ: ${JSON.stringify(result.rounds)}`)
    if (strong.includes(result.setup) && worst(result).length > 0)
      list.push(`${label}: not held: ${worst(result).join(', ')}`)
  }
  return list
}
