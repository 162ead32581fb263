// Random schedules over HTTP against several server processes on one store, with and without faults:
// npm run chaos -- --store redis --config rolling+early --faults cut-after --seconds 60 --seed 1
import { parseArgs } from 'node:util'
import { Random } from './random.js'
import { printCounts, printTable, printViolations } from './report.js'
import { type Limits, type Outcome, run } from './run.js'
import { labelOf, type Setup, setupsOf } from './setups.js'

const { values } = parseArgs({
  options: {
    store: { type: 'string' },
    config: { type: 'string' },
    faults: { type: 'string' },
    /** For all set-ups together. */
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    /** How many of the set-ups are played, chosen by the seed. */
    rotate: { type: 'string' },
    /** A few of all set-ups; the seed is the date. */
    ci: { type: 'boolean', default: false },
    requests: { type: 'string', default: '1000000' },
    processes: { type: 'string', default: '2' },
    browsers: { type: 'string', default: '10' },
  },
})

const CI_SETUPS = 5
const { ci, store, config, faults } = values
const today = Number(new Date().toISOString().slice(0, 10).replaceAll('-', ''))
const seed = number('seed', values.seed ?? (ci ? today : Date.now() % 1_000_000))
const setups = chosen(
  setupsOf(
    store ?? (ci ? 'all' : 'redis'),
    config ?? (ci ? 'all' : 'plain'),
    faults ?? (ci ? 'all' : 'none'),
  ),
)
const limits: Limits = {
  seed,
  seconds: number('seconds', values.seconds) / setups.length,
  requests: number('requests', values.requests),
  processes: number('processes', values.processes),
  browsers: number('browsers', values.browsers),
}
console.log(`seed ${seed}, ${setups.length} set-ups of ${limits.seconds.toFixed(1)} s`)
// Exiting this way stops the servers that it started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const outcomes: Outcome[] = []
for (const setup of setups) {
  console.log(`${labelOf(setup)} …`)
  const outcome = await run(setup, limits)
  printViolations(outcome)
  outcomes.push(outcome)
}
printTable(outcomes)
printCounts(outcomes)

function chosen(all: Setup[]): Setup[] {
  const count = values.rotate ?? (ci ? CI_SETUPS : undefined)
  if (count === undefined) return all
  return new Random(seed, 'set-ups').shuffle(all).slice(0, number('rotate', count))
}

function number(name: string, value: string | number): number {
  const parsed = Number(value)
  if (!Number.isFinite(parsed) || parsed < 0) throw new Error(`--${name} takes a number`)
  return parsed
}
