// The published suite, the races and a small app, without Node's test tools: for Bun and Deno.
// It prints what failed, and `N passed, N failed`.
import { MemoryStore, type SessionStore } from '../../src/index.js'
import { tombstoneUntil } from '../../src/record/tombstone.js'
import { ManualClock } from '../../src/testing.js'
import { collect } from '../conformance/collect.js'
import { CASES } from '../races/cases.js'
import { MODES, type Mode } from '../races/modes.js'
import { Player } from '../races/player.js'
import { serveSteps } from '../races/steps.js'
import { hashed } from '../support/hashed.js'
import { playApp } from './app.js'

const PREFIX = 'memory:'
let [passed, failed] = [0, 0]

async function check(title: string, test: () => Promise<unknown>): Promise<void> {
  try {
    await test()
    passed++
  } catch (error) {
    failed++
    console.error(`FAIL ${title}`, error)
  }
}

async function conform(): Promise<void> {
  const clock = new ManualClock()
  const { titles, failures } = await collect(() => new MemoryStore({ now: clock.now }), { clock })
  for (const title of titles)
    await check(title, async () => {
      if (failures.has(title)) throw failures.get(title)
    })
}

/** A store whose keys a race can look at. */
function watched(): { store: SessionStore; keys: Set<string> } {
  const store = new MemoryStore()
  const keys = new Set<string>()
  const create = store.create.bind(store)
  store.create = (key, ...rest) => {
    keys.add(key)
    return create(key, ...rest)
  }
  return { store, keys }
}

async function race({ strict, ...mode }: Mode): Promise<void> {
  const { store, keys } = watched()
  const site = await serveSteps({ store, prefix: PREFIX, ...mode, ...strict })
  for (const [title, play] of Object.entries(CASES)) {
    keys.clear()
    site.reset()
    const user = new Player([site.origin], site.gates)
    const stage = {
      user,
      parallel: 20,
      records: async () => {
        const values = await Promise.all([...keys].map(async (key) => store.load(key)))
        return values.filter((value) => value && tombstoneUntil(value) === undefined).length
      },
      expire: async (id: string | undefined) => store.destroy(PREFIX + (strict ? hashed(id) : id)),
    }
    await check(`${title} ${JSON.stringify(mode)}`, () => play(stage))
    user.close()
  }
  await site.close()
}

await conform()
for (const mode of MODES) await race(mode)
await check('a small app', playApp)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
