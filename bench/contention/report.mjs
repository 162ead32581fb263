import { conditions } from '../shared/machine.mjs'
import { lineChart } from '../shared/svg.mjs'
import { spread, table, whole } from '../shared/table.mjs'
import { COMPARED_AT, FAIR_FROM, OURS, SETUPS } from './cells.mjs'

export function report(results, { markdown }) {
  const { entries, rounds, seconds } = results
  const write = (rows) => table(rows, { markdown })
  const ours = entries.filter(({ contender, kind }) => contender === OURS && kind === 'plain')
  const parts = [
    `${conditions(results)} ${rounds} ${rounds === 1 ? 'round' : 'rounds'} of ${seconds} s.`,
    'Time of a request of koa-sess, relative to as many writers with a session each that holds as much (median of the rounds):',
    write(byWriters(ours, ({ time }) => time.median.toFixed(2))),
    'Store commands for each request:',
    write(byWriters(ours, ({ commands }) => commands.toFixed(1))),
    'Latency in ms, p50 / p99 / max:',
    write(byWriters(ours, latency)),
    'Answers with 409 / other errors / acknowledged writes that are lost, of all rounds:',
    write(byWriters(ours, failures)),
  ]
  const peers = entries.filter(isCompared)
  if (peers.length > 0)
    parts.push(
      `All packages at ${COMPARED_AT} writers of one session. "To koa-sess": acknowledged requests/s in the same round, which counts lost writes too:`,
      write(compared(peers, entries)),
    )
  const beside = entries.filter(({ kind }) => kind === 'beside')
  if (beside.length > 0)
    parts.push(
      `p99 in ms of four other users, while ${COMPARED_AT} writers share one session, and while they have one each:`,
      write(besides(beside)),
    )
  const fair = ours.filter(isFairness)
  if (fair.length > 0)
    parts.push('Fairness of koa-sess, p99 relative to p50:', write(fairness(fair)))
  const large = entries.filter(({ kind }) => kind === 'large')
  if (large.length > 0)
    parts.push(
      `A session of ${whole(large[0].keys)} keys (${whole(large[0].bytes / 1000)} kB) with ${large[0].writers} writers, relative to ${large[0].writers} such sessions (min – median – max of the rounds):`,
      write(larges(large)),
    )
  return parts.join('\n\n')
}

/** A row for each setup and scenario, a column for each number of writers. */
function byWriters(entries, cell) {
  const counts = [...new Set(entries.map(({ writers }) => writers))].sort((a, b) => a - b)
  const rows = [...new Set(entries.map(nameOf))].map((name) => {
    const row = entries.filter((entry) => nameOf(entry) === name)
    return [
      ...[row[0].setup, row[0].scenario],
      ...counts.map((count) => {
        const found = row.find(({ writers }) => writers === count)
        return found ? cell(found) : '–'
      }),
    ]
  })
  return [['writers at once', '', ...counts.map(whole)], ...rows]
}

const nameOf = ({ setup, scenario }) => `${setup}: ${scenario}`

const latency = ({ p50, p99, max }) => [p50, p99, max].map(short).join(' / ')

const failures = ({ conflicts, errors, lost }) => [conflicts, errors, lost].map(whole).join(' / ')

const short = (value) => (value < 10 ? value.toFixed(1) : whole(value))

const isCompared = ({ kind, scenario, writers }) =>
  kind === 'plain' && scenario === 'modify' && writers === COMPARED_AT

function compared(peers, entries) {
  const head = ['', '', 'to koa-sess', 'time, relative', 'commands', 'p50 / p99 / max, ms']
  const more = ['409 / other errors', 'lost, own keys', 'lost, one counter']
  const rows = peers.map((entry) => {
    const { setup, contender, toOurs, time, commands, conflicts, errors } = entry
    const counter = entries.find(
      (other) =>
        [other.setup, other.contender, other.scenario, other.writers].join() ===
        [setup, contender, 'counter', COMPARED_AT].join(),
    )
    return [
      ...[setup, contender, toOurs ? toOurs.median.toFixed(2) : '–', time.median.toFixed(2)],
      ...[commands.toFixed(1), latency(entry), `${whole(conflicts)} / ${whole(errors)}`],
      ...[lostOf(entry), counter ? lostOf(counter) : '–'],
    ]
  })
  return [[...head, ...more], ...rows]
}

function lostOf({ lost, acknowledged }) {
  return lost === 0
    ? '0'
    : `${Math.round((lost * 100) / acknowledged)} % (${whole(lost)} of ${whole(acknowledged)})`
}

function besides(entries) {
  const rows = entries.map(({ setup, contender, others }) => [
    ...[setup, contender, short(others.one), short(others.separate), others.ratio.toFixed(2)],
  ])
  return [['', '', 'beside one session', 'beside as many', 'relative'], ...rows]
}

/** Several processes: at 32 writers for each, and at more. */
function isFairness({ setup, scenario, writers }) {
  const { processes } = SETUPS[setup]
  return scenario === 'modify' && processes > 1 && writers >= processes * FAIR_FROM
}

function fairness(entries) {
  const rows = entries.map((entry) => [
    ...[entry.setup, whole(entry.writers), latency(entry), entry.fairness.toFixed(1)],
  ])
  return [['', 'writers', 'p50 / p99 / max, ms', 'p99 to p50'], ...rows]
}

function larges(entries) {
  const rows = entries.map(({ setup, time, cpu, p50, p99, max }) => [
    ...[setup, spread(time), spread(cpu), latency({ p50, p99, max })],
  ])
  return [['', 'time', 'CPU of the server', 'p50 / p99 / max, ms'], ...rows]
}

const SERIES = [
  [OURS, 'Redis'],
  [OURS, 'PostgreSQL'],
  ['koa-session', 'Redis'],
  ['koa-generic-session', 'Redis'],
  ['express-session', 'Redis'],
  ['@fastify/session', 'Redis'],
]

/** Time relative to separate sessions, against writers. */
export function plot({ entries }) {
  const points = (contender, setup) =>
    entries
      .filter((entry) => entry.contender === contender && entry.setup === setup && isPlotted(entry))
      .sort((a, b) => a.writers - b.writers)
      .map(({ writers, time }) => [writers, time.median])
      .filter(([, relative]) => Number.isFinite(relative))
  const series = SERIES.map(([contender, database]) => ({
    name: `${contender}, ${database}`,
    lines: [
      { points: points(contender, `${database}, 1 process`) },
      { points: points(contender, `${database}, 4 processes`), dashes: '6 4' },
    ].filter((line) => line.points.length > 0),
  }))
  return lineChart({
    title: 'One session, many writers: time relative to a session each (dashed: 4 processes)',
    x: 'writers at once',
    y: 'relative',
    series: series.filter(({ lines }) => lines.length > 0),
  })
}

const isPlotted = ({ kind, scenario }) => kind === 'plain' && scenario === 'modify'
