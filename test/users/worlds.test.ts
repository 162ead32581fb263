import { expect, test } from 'vitest'
import { World } from './world.js'

// Any interleaving of the store calls of three processes, any of which may crash, on a store that may
// fail: the guarantee of docs/users.md. A failed run prints its seeds: FC_SEED=… FC_RUNS=4 plays one again.

const WORLDS = Number(process.env.FC_RUNS ?? 800)
const SEED = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
const TIMEOUT = 240_000

const KINDS = [
  { crash: 0, failure: 0 },
  { crash: 0.02, failure: 0 },
  { crash: 0, failure: 0.03 },
  { crash: 0.01, failure: 0.02 },
]

test.each(KINDS)(
  'sessions of a user, with %j',
  async (kind) => {
    const found = new Map<string, number[]>()
    const size = Math.ceil(WORLDS / KINDS.length)
    console.log(`users: ${size} worlds, seed ${SEED}`)
    for (let seed = SEED; seed < SEED + size; seed++) {
      const options = { processes: 3, max: seed % 3 === 0 ? 100 : 3, rolling: seed % 2 === 0 }
      const world = new World(seed, { ...options, ...kind })
      await world.play()
      for (const problem of world.problems)
        found.set(problem, [...(found.get(problem) ?? []), seed])
    }
    const report = [...found].map(([problem, seeds]) => `${problem}: seeds ${seeds.slice(0, 5)}`)
    expect(report).toEqual([])
  },
  TIMEOUT,
)
