/** What a request does, and whether it writes: `key` its writer's own key, `counter` one that all share. */
export const SCENARIOS = {
  modify: { path: '/modify', writes: 'key' },
  counter: { path: '/count', writes: 'counter' },
  'rolling read': { path: '/rolling' },
}

/** `memory` lives in one process, so it is measured with one alone. */
export const SETUPS = {
  'memory, 1 process': { store: 'memory', processes: 1 },
  'Redis, 1 process': { store: 'redis', processes: 1 },
  'Redis, 4 processes': { store: 'redis', processes: 4 },
  'PostgreSQL, 1 process': { store: 'postgres', processes: 1 },
  'PostgreSQL, 4 processes': { store: 'postgres', processes: 4 },
}

export const OURS = 'koa-sess'

/** Writers at which peers are compared and at which other users are measured. */
export const COMPARED_AT = 64
/** Fairness is reported from so many writers in each of several processes on. */
export const FAIR_FROM = 32
/** So many writers in each of several processes, besides those that the options name. */
const PER_PROCESS = 256
const OTHERS = 4
const LARGE = { writers: 32, keys: 5000 }

/**
 * The cells of one setup. `keys`: how many each session holds besides 300 bytes. `others`: other users at the
 * same time. They are few, so a slice with them `lasts` four times as long: p99 needs many answers. Peers have
 * no update() and no rolling read of one command, so they skip most cells of those scenarios.
 */
export function cellsOf({ processes }, contender, { writers, scenarios, quick }) {
  const ours = contender === OURS
  const cell = (scenario, count, more) => ({
    ...{ scenario, writers: count, keys: count, others: 0, kind: 'plain', lasts: 1 },
    ...more,
  })
  const cells = scenarios.flatMap((scenario) =>
    writers
      .filter((count) => ours || isForPeers(scenario, count))
      .map((count) => cell(scenario, count)),
  )
  if (writers.includes(COMPARED_AT))
    cells.push(cell('modify', COMPARED_AT, { others: OTHERS, kind: 'beside', lasts: 4 }))
  if (!ours) return cells
  cells.push(cell('modify', LARGE.writers, { keys: LARGE.keys, kind: 'large' }))
  if (processes > 1 && !quick) cells.push(cell('modify', processes * PER_PROCESS))
  return cells
}

const isForPeers = (scenario, count) =>
  scenario === 'modify' || (scenario === 'counter' && count === COMPARED_AT)
