import { BARE } from '../in-process/setups.mjs'
import { conditions } from '../shared/machine.mjs'
import { ratios, summary } from '../shared/statistics.mjs'
import { spread, table } from '../shared/table.mjs'

/** One entry for each scenario: the cost of a request now, relative to the other revision. */
export function evaluate(times, { now, before }) {
  const scenarios = [...new Set([...times.keys()].map((lane) => lane.scenario))]
  return scenarios.map((scenario) => {
    const of = (name) => [...times].find(([lane]) => isLane(lane, name, scenario))[1]
    const floor = (name) => summary(of(name)).floor
    const added = { now: floor(now) - floor(BARE), before: floor(before) - floor(BARE) }
    return { scenario: scenario.name, request: ratios(of(now), of(before)), added }
  })
}

const isLane = (lane, variant, scenario) => lane.variant === variant && lane.scenario === scenario

export function report(results, { markdown }) {
  const { cells, names, rounds, requests, clock } = results
  const unit = clock === 'cpu' ? 'µs of CPU time' : 'µs'
  const rows = cells.map(({ scenario, request, added }) => [
    scenario,
    spread(request),
    added.before.toFixed(1),
    added.now.toFixed(1),
    (added.now / added.before).toFixed(2),
  ])
  const head = ['', 'whole request', `added, ${names.before}`, 'added, now', 'ratio']
  return [
    `${conditions(results)} ${rounds} rounds of ${requests} requests.`,
    `The working tree relative to ${names.before}: the whole request, round by round (min – median – max), and its cost on top of bare Koa, in ${unit} (5th percentile). Below 1, the working tree is faster.`,
    table([head, ...rows], { markdown }),
  ].join('\n\n')
}
