import { conditions } from '../shared/machine.mjs'
import { summary } from '../shared/statistics.mjs'
import { spread, table, whole } from '../shared/table.mjs'

/** A row for each client, number of replicas that a write waits for, and fault. */
export function report(results, { markdown }) {
  const { cells, rounds, users, commandTimeout } = results
  const head = [
    'client',
    'waitReplicas',
    'the primary',
    'served again after, ms',
    'longest request, ms',
    'failed requests',
    'acknowledged writes lost',
  ]
  return [
    `${conditions(results)} ${rounds} rounds of each; ${users} users; commandTimeout ${commandTimeout} ms; cluster-node-timeout and down-after-milliseconds 500.`,
    'min – median – max of the rounds; failed and lost are sums over all rounds. All on one machine.',
    table([head, ...cells.map(row)], { markdown }),
  ].join('\n\n')
}

function row({ setup, waits, fault, outcomes }) {
  const lost = outcomes.flatMap((one) => one.lost)
  const sum = (name) => outcomes.reduce((total, one) => total + one[name], 0)
  return [
    setup,
    String(waits ?? '–'),
    fault,
    spread(summary(outcomes.map((one) => one.recovered)), whole),
    whole(Math.max(...outcomes.map((one) => one.longest))),
    `${whole(sum('failed'))} of ${whole(sum('requests'))}`,
    lost.length === 0 ? '0' : `${whole(lost.length)}: ${whenLost(lost)}`,
  ]
}

/** `lost`: how long before the fault each write was acknowledged, in ms; negative: after it. */
function whenLost(lost) {
  const [first, last] = [Math.max(...lost), Math.min(...lost)]
  const name = (before) => `${whole(Math.abs(before))} ms ${before < 0 ? 'after' : 'before'}`
  return `acknowledged from ${name(first)} to ${name(last)} the fault`
}
