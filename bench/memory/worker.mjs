// One store in a process of its own: node --expose-gc worker.mjs NAME SESSIONS
import { answer } from '../shared/child.mjs'
import { STORES } from './stores.mjs'
import { observe } from './turns.mjs'

const [name, sessions] = process.argv.slice(2)
const size = Number(sessions)

answer({
  /** Fills the store. @returns bytes for each session, and pauses of a full collection in ms. */
  fill() {
    const before = used()
    const store = STORES[name](size)
    for (let index = 0; index < size; index++)
      store.put(`koa:sess:${String(index).padStart(32, '0')}`, index)
    const after = used()
    globalThis.kept = store
    return {
      heap: (after.heap - before.heap) / size,
      rss: (after.rss - before.rss) / size,
      pauses: Array.from({ length: 5 }, collect),
    }
  },

  /** Measures how expiry slows down live sessions: with nothing expired, all expired, and in use. */
  async expire(seconds) {
    const store = globalThis.kept
    const phases = []
    const phase = async (what, use, done = () => false) => {
      const held = store.size()
      const turns = await observe({ seconds, use, done })
      phases.push({ what, reclaimed: held - store.size(), ...turns })
    }
    await phase('nothing expired, in use', store.use)
    store.expire()
    await phase('all expired, idle', () => undefined)
    await phase('all expired, in use', store.use, () => store.size() === 0)
    return phases
  },
})

function used() {
  collect()
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, rss }
}

function collect() {
  const begun = performance.now()
  globalThis.gc()
  return performance.now() - begun
}
