// One store with a number of sessions, in its own process: node worker.mjs STORE SESSIONS REDIS_URL

import { setUp } from '../in-process/setups.mjs'
import { answer } from '../shared/child.mjs'
import { PACKAGES } from '../shared/packages.mjs'
import { operations } from './operations.mjs'
import { learn } from './records.mjs'
import { STORES } from './stores.mjs'

// Less than a thousand, so that no session is drawn twice in a batch.
const BATCH = 512
// Coprime to all sizes, so that consecutive draws are far apart and differ.
const STRIDE = 7919

const [name, sessions, url] = process.argv.slice(2)
const size = Number(sessions)
const { store, concurrency, fill } = STORES[name](size, url)
const { plain: app } = setUp(name, { middleware: PACKAGES['koa-sess'], store: () => store })
const recordOf = await learn(app, store)
await fill(recordOf)
const known = operations({ store, app, recordOf })
let drawn = Math.floor(Math.random() * size)

answer({
  /** Runs an operation for at least so many seconds. @returns operations a second. */
  async measure({ operation, seconds }) {
    const { prepare, run, check, after } = known[operation]
    let done = 0
    let elapsed = 0
    while (elapsed < seconds * 1000) {
      const batch = await Promise.all(draw().map(prepare))
      const begun = performance.now()
      const results = await runAll(run, batch)
      elapsed += performance.now() - begun
      done += batch.length
      if (!results.every(check)) throw new Error(`${operation} failed with ${size} sessions`)
      if (after) await Promise.all(batch.map(after))
    }
    return (done * 1000) / elapsed
  },
})

function draw() {
  return Array.from({ length: BATCH }, () => {
    drawn = (drawn + STRIDE) % size
    return drawn
  })
}

async function runAll(run, batch) {
  const results = []
  for (let at = 0; at < batch.length; at += concurrency) {
    const [only, ...more] = batch.slice(at, at + concurrency).map((argument) => run(argument))
    if (more.length > 0) results.push(...(await Promise.all([only, ...more])))
    // The memory store is synchronous: an await would take as long as the call.
    else results.push(only instanceof Promise ? await only : only)
  }
  return results
}
