import { OURS, SETUPS } from './cells.mjs'

/** At most, for koa-sess on Redis and PostgreSQL: time relative to a session each, by writers. */
const TIME = new Map([
  [64, 1.3],
  [128, 1.5],
])
const OTHERS = 2
const FAIRNESS = 5
const LARGE_CPU = 1.5

/** Writes that were lost, which must never be. */
export function losses(entries) {
  return entries
    .filter(({ contender, lost }) => contender === OURS && lost > 0)
    .map((entry) => `${labelOf(entry)}: ${entry.lost} of ${entry.acknowledged} writes are lost`)
}

/** Each target that koa-sess misses, as a line. */
export function missed(entries) {
  const ours = entries.filter(({ contender }) => contender === OURS)
  return ours.flatMap((entry) =>
    figuresOf(entry, aloneOf(entry, ours))
      .filter(({ value, target }) => value > target)
      .map(
        ({ name, value, target }) =>
          `${labelOf(entry)}: ${name} ${round(value)}, target ${round(target)}`,
      ),
  )
}

function figuresOf(entry, alone) {
  const {
    kind,
    writers,
    time,
    commands,
    conflicts,
    errors,
    others,
    cpu,
    fairness,
    scenario,
    setup,
  } = entry
  const figures = [
    { name: 'answers with 409', value: conflicts, target: 0 },
    { name: 'other errors', value: errors, target: 0 },
  ]
  if (kind === 'large') figures.push({ name: 'CPU', value: cpu.median, target: LARGE_CPU })
  if (SETUPS[setup].store === 'memory') return figures
  if (kind === 'beside')
    figures.push({ name: "other users' p99", value: others.ratio, target: OTHERS })
  if (kind !== 'plain') return figures
  if (TIME.has(writers))
    figures.push({ name: 'time', value: time.median, target: TIME.get(writers) })
  // Statements that open a connection count as well.
  if (alone) figures.push({ name: 'commands', value: commands, target: alone.commands + 0.05 })
  if (scenario === 'modify' && SETUPS[setup].processes === 4 && writers === 128)
    figures.push({ name: 'p99 to p50', value: fairness, target: FAIRNESS })
  return figures
}

const aloneOf = ({ setup, scenario }, entries) =>
  entries.find(
    (entry) => entry.writers === 1 && entry.setup === setup && entry.scenario === scenario,
  )

const labelOf = ({ setup, scenario, writers, kind }) =>
  `koa-sess, ${setup}, ${scenario}, ${writers} writers${kind === 'plain' ? '' : ` (${kind})`}`

const round = (value) => Number(value.toFixed(2))
