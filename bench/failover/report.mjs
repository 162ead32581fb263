import { conditions } from '../shared/machine.mjs'
import { summary } from '../shared/statistics.mjs'
import { spread, table, whole } from '../shared/table.mjs'

/** A row for each client, with and without waitReplicas, with connected and with cut-off replicas. */
export function report(results, { markdown }) {
  const { cells, rounds, users, commandTimeout } = results
  const head = [
    'client',
    'waitReplicas',
    'replica cut off for',
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

function row({ setup, waits, cutOff, outcomes }) {
  const lost = outcomes.flatMap((one) => one.lost)
  const sum = (name) => outcomes.reduce((total, one) => total + one[name], 0)
  return [
    setup,
    waits ? '1' : '–',
    cutOff > 0 ? `${cutOff} ms` : '–',
    spread(summary(outcomes.map((one) => one.recovered)), whole),
    whole(Math.max(...outcomes.map((one) => one.longest))),
    `${whole(sum('failed'))} of ${whole(sum('requests'))}`,
    lost.length === 0
      ? '0'
      : `${lost.length}: acknowledged at most ${whole(Math.max(...lost))} ms before the end, not on the replica`,
  ]
}
