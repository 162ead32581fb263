import { expect, test } from 'vitest'
import { random } from './cluster.js'
import { getAndSet } from './elsewhere/get-and-set.js'
import { indexSet } from './elsewhere/index-set.js'
import { ours } from './elsewhere/ours.js'
import { SCHEDULES, type Schedule } from './elsewhere/schedules.js'
import type { OpenWorld } from './elsewhere/world.js'

// The table of docs/races.md: the same schedules on this package, and on two other ways of keeping the
// sessions of a user, modelled on how they work. The order of the store calls is random.
// `ORDERS=1000 PRINT=1` makes the table of the guide.

const ORDERS = Number(process.env.ORDERS ?? 200)
const TIMEOUT = 240_000

/** In how many orders went wrong what must not. */
async function count(open: OpenWorld, { max, play }: Schedule): Promise<number> {
  let faults = 0
  for (let seed = 1; seed <= ORDERS; seed++) {
    const world = open({ random: random(seed), max })
    if (await play(world)) faults++
    world.close()
  }
  return faults
}

test(
  'what goes wrong with lists of get and set, and with an index beside the sessions, does not here',
  async () => {
    const rows: [string, number, number, number][] = []
    for (const schedule of SCHEDULES) {
      const list = await count(getAndSet, schedule)
      const index = await count(indexSet, schedule)
      rows.push([schedule.name, await count(ours, schedule), list, index])
    }
    if (process.env.PRINT) for (const row of rows) console.log(`| ${row.join(' | ')} |`)
    expect(rows.map(([, own]) => own)).toEqual([0, 0, 0, 0])
    const [unlisted, limit, login, refresh] = rows.map(([, , list, index]) => ({ list, index }))
    expect(unlisted?.list).toBeGreaterThan(0)
    expect(unlisted?.index).toBe(0)
    expect(limit?.index).toBeGreaterThan(0)
    expect(login?.list).toBeGreaterThan(0)
    expect(login?.index).toBeGreaterThan(0)
    expect(refresh?.list).toBeGreaterThan(0)
    expect(refresh?.index).toBe(0)
  },
  TIMEOUT,
)
