import { PROMISES, type Promised } from './oracle/promises.js'
import type { Outcome } from './run.js'
import { labelOf } from './setups.js'

const HEAD = ['set-up', 's', 'requests', '/s', 'sessions', 'faults', 'answers', 'crossed', 'broken']
/** How many violations of each promise are shown with their steps. */
const SHOWN = 2

/** Prints the violations of one set-up, each with what its browser did last. */
export function printViolations({ setup, violations }: Outcome): void {
  const shown = new Map<Promised, number>()
  for (const { promise, step, text, steps } of violations) {
    const count = (shown.get(promise) ?? 0) + 1
    shown.set(promise, count)
    if (count > SHOWN || steps.length === 0) continue
    console.log(`\n${labelOf(setup)}: browser ${step.browser}, request ${step.number}: ${text}`)
    console.log(`  broken: ${PROMISES[promise]}`)
    for (const line of steps) console.log(`  ${line}`)
  }
}

/** One row for each set-up. */
export function printTable(outcomes: readonly Outcome[]): void {
  const rows = outcomes.map((outcome) => [
    labelOf(outcome.setup),
    outcome.seconds.toFixed(0),
    String(outcome.requests),
    (outcome.requests / outcome.seconds).toFixed(0),
    String(outcome.sessions),
    String(outcome.faults),
    [...outcome.statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => `${status || 'none'}: ${count}`)
      .join(', '),
    String(outcome.crossed),
    [...brokenBy(outcome)].map(([promise, count]) => `${promise}: ${count}`).join(', ') || '-',
  ])
  const widths = HEAD.map((_, at) =>
    Math.max(...[HEAD, ...rows].map((row) => row[at]?.length ?? 0)),
  )
  console.log()
  for (const row of [HEAD, ...rows])
    console.log(
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
}

/** Each promise of each set-up is one check. */
export function printCounts(outcomes: readonly Outcome[]): void {
  const failed = outcomes.reduce((sum, outcome) => sum + brokenBy(outcome).size, 0)
  const all = outcomes.length * Object.keys(PROMISES).length
  if (failed > 0 || all === 0) process.exitCode = 1
  console.log(`\n${all - failed} passed, ${failed} failed`)
}

function brokenBy({ violations }: Outcome): Map<Promised, number> {
  const counts = new Map<Promised, number>()
  for (const { promise } of violations) counts.set(promise, (counts.get(promise) ?? 0) + 1)
  return counts
}
