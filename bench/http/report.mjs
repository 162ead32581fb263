import { conditions } from '../shared/machine.mjs'
import { lineChart } from '../shared/svg.mjs'
import { spread, table, whole } from '../shared/table.mjs'

export function report(results, { markdown }) {
  const { entries, rounds, seconds } = results
  const write = (rows) => table(rows, { markdown })
  return [
    `${conditions(results)} ${rounds} rounds of ${seconds} s.`,
    'Requests/s and their ratios in the same round (min – median – max of the rounds), latency in ms, CPU of the server (user and system) and of Redis in µs for each request (medians):',
    write([
      [
        ...['', 'connections', '', 'requests/s', 'to the limit', 'to koa-session'],
        ...['p50', 'p99', 'user', 'system', 'Redis'],
      ],
      ...entries.map(row),
    ]),
    `koa-sess${markdown ? '' : ' and its targets'} (medians of the ratios), and the CPU time of its server for a request relative to the others (min – median – max), which other work on the machine affects less:`,
    write([
      [
        ...['', 'connections', 'to the limit', 'to koa-session'],
        ...['CPU to the limit', 'CPU to koa-session'],
        ...(markdown ? [] : ['target, limit', '', 'target, koa-session', '']),
      ],
      ...entries.filter((entry) => entry.targets).map((entry) => compared(entry, markdown)),
    ]),
  ].join('\n\n')
}

function row(entry) {
  const { cell, connections, contender, perSecond, toLimit, toPeer } = entry
  return [
    ...[cell, whole(connections), contender],
    ...[spread(perSecond, whole), spread(toLimit), spread(toPeer)],
    ...[entry.p50.toFixed(2), entry.p99.toFixed(2)],
    ...[entry.user, entry.system, entry.redis].map((value) => value.toFixed(0)),
  ]
}

/** A page of the docs leaves the targets out: they are for those who work on the package. */
function compared({ cell, connections, toLimit, toPeer, cpu, targets }, markdown) {
  const verdict = ({ target, met }) => [`≥ ${target}`, met ? 'met' : 'missed']
  return [
    ...[cell, whole(connections)],
    ...[toLimit.median.toFixed(2), toPeer.median.toFixed(2)],
    ...[spread(cpu.toLimit), spread(cpu.toPeer)],
    ...(markdown ? [] : [...verdict(targets.limit), ...verdict(targets.peer)]),
  ]
}

/** Plots the latency of reads against the number of connections. */
export function plot({ entries }) {
  const reads = entries
    .filter(({ cell }) => cell === 'read')
    .sort((a, b) => a.connections - b.connections)
  const contenders = [...new Set(reads.map(({ contender }) => contender))]
  const points = (name, figure) =>
    reads
      .filter(({ contender }) => contender === name)
      .map((entry) => [entry.connections, entry[figure]])
  return lineChart({
    title: 'Latency of a read over HTTP, p50 and p99 (dashed)',
    x: 'connections',
    y: 'ms',
    series: contenders.map((name) => ({
      name,
      lines: [{ points: points(name, 'p50') }, { points: points(name, 'p99'), dashes: '6 4' }],
    })),
  })
}
