import { createHistogram, PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'

/**
 * Measures the turns of the event loop, for so many seconds or until `done`. Work in the
 * background lengthens them. `use` runs once a turn.
 */
export async function observe({ seconds, use, done }) {
  const turns = createHistogram()
  let collected = 0
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collected = Math.max(collected, duration)
  })
  observer.observe({ entryTypes: ['gc'] })
  const begun = performance.now()
  let before = process.hrtime.bigint()
  while (performance.now() - begun < seconds * 1000 && !done()) {
    use()
    await turn()
    const now = process.hrtime.bigint()
    turns.record(now - before)
    before = now
  }
  const elapsed = (performance.now() - begun) / 1000
  await turn()
  observer.disconnect()
  return { elapsed, high: turns.percentile(99.9) / 1e6, longest: turns.max / 1e6, collected }
}
