import { conditions } from '../shared/machine.mjs'
import { lineChart } from '../shared/svg.mjs'
import { table, whole } from '../shared/table.mjs'

export function report(results, { markdown }) {
  const { lines, rounds, seconds } = results
  const sizes = lines[0].points.map(({ size }) => size)
  const head = ['', ...sizes.map((size) => `${whole(size)} sessions`), 'last to first']
  return [
    `${conditions(results)} ${rounds} rounds of ${seconds} s.`,
    'Operations of koa-sess a second by number of sessions in the store, drawn from all of them: median (min – max of the rounds). One process, no HTTP; with Redis 64 at a time; a bare Map shows the cost of misses in the processor caches:',
    table([head, ...lines.map(row)], { markdown }),
  ].join('\n\n')
}

function row({ store, operation, points }) {
  return [
    `${store}, ${operation}`,
    ...points.map(({ rate }) => `${whole(rate.median)} (${whole(rate.min)} – ${whole(rate.max)})`),
    (points.at(-1).rate.median / points[0].rate.median).toFixed(2),
  ]
}

const DASHES = { map: '1 4', redis: '6 4' }

/** Plots the throughput against the number of sessions. */
export function plot({ lines }) {
  const operations = [...new Set(lines.map(({ operation }) => operation))]
  return lineChart({
    title: 'Operations a second: MemoryStore, Redis (dashed), a bare Map (dotted)',
    x: 'sessions in the store',
    y: '1/s',
    series: operations.map((name) => ({
      name,
      lines: lines
        .filter(({ operation }) => operation === name)
        .map(({ store, points }) => ({
          points: points.map(({ size, rate }) => [size, rate.median]),
          dashes: DASHES[store],
        })),
    })),
  })
}
