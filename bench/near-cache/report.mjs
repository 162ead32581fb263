import { conditions } from '../shared/machine.mjs'
import { median, ratios, summary } from '../shared/statistics.mjs'
import { spread, table, whole } from '../shared/table.mjs'

const cpu = ({ user, system }) => user + system

export function report(results, { markdown }) {
  const { measured, contenders, rounds, seconds, connections } = results
  const [base] = contenders
  const rows = measured.map(({ cell, contender, slices }) => {
    const { slices: others } = measured.find(
      (one) => one.cell.name === cell.name && one.contender === base,
    )
    const relative = (figure) => spread(ratios(slices.map(figure), others.map(figure)))
    return [
      ...[cell.name, contender],
      spread(summary(slices.map(({ perSecond }) => perSecond)), whole),
      relative(({ perSecond }) => perSecond),
      ...[median(slices.map(cpu)).toFixed(0), relative(cpu)],
      median(slices.map(({ redis }) => redis)).toFixed(0),
    ]
  })
  return [
    `${conditions(results)} ${rounds} rounds of ${seconds} s at ${connections} connections.`,
    `Requests/s, and CPU of the server and of Redis in µs for each request, also relative to ${base} in the same round (min – median – max):`,
    table([['', '', 'requests/s', 'relative', 'CPU', 'CPU, relative', 'Redis'], ...rows], {
      markdown,
    }),
  ].join('\n\n')
}
