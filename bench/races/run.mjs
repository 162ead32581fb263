import { Redis } from 'ioredis'
import { FAULTS } from './faults.mjs'
import { SCHEDULES } from './schedules.mjs'
import { SETUPS } from './setups.mjs'
import { Trial } from './trial.mjs'

/** Runs every schedule on every setup, plain and rolling. Each entry lists the faults of each round. */
export async function runAll({ url, rounds }) {
  const client = new Redis(url)
  const redis = {
    async values() {
      const keys = await client.keys('*')
      return Promise.all(keys.map(async (key) => [key, await client.get(key)]))
    },
    // A deadline in the past: the server expires the key as usual, only earlier.
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

/** Every fault that occurred in any round. */
export function worst({ rounds }) {
  return FAULTS.filter((fault) => rounds.some((faults) => faults.includes(fault)))
}

/** Errors of the run: rounds with different results, and a fault on a strong store of koa-sess. */
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
