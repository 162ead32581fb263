import { conditions } from '../shared/machine.mjs'
import { spread, table, whole } from '../shared/table.mjs'
import { BARE } from './setups.mjs'

/** The results as text: three tables, in Markdown or padded for a terminal. */
export function report(results, { markdown }) {
  const { cells, ratios, bytes, rounds, requests, clock } = results
  const scenarios = [...new Set(cells.map(({ scenario }) => scenario))]
  const variants = [...new Set(cells.map(({ variant }) => variant))]
  const cell = (variant, scenario) =>
    cells.find((one) => one.variant === variant && one.scenario === scenario)

  const added = [
    ['', ...scenarios, 'bytes, read'],
    ...variants
      .filter((variant) => variant !== BARE)
      .map((variant) => [
        variant,
        ...scenarios.map((scenario) => cell(variant, scenario).added.floor.toFixed(1)),
        bytes ? whole(bytes.added[variant]) : '–',
      ]),
  ]
  const compared = [
    ['koa-sess to', '', 'ratio', 'of medians', 'target', ''],
    ...ratios.map(({ peer, scenario, floor, median, target, met }) => [
      peer,
      scenario,
      floor.toFixed(2),
      median.toFixed(2),
      `≤ ${target}`,
      met ? 'met' : 'missed',
    ]),
  ]
  if (bytes?.added['koa-sess'] !== undefined) {
    const { added, target, met } = bytes
    const row = ['itself', 'bytes, read', whole(added['koa-sess']), '', `≤ ${whole(target)}`]
    compared.push([...row, met ? 'met' : 'missed'])
  }
  const noise = [
    ['', ...scenarios],
    ...variants.map((variant) => [
      variant,
      ...scenarios.map((scenario) => spread(cell(variant, scenario), (value) => value.toFixed(1))),
    ]),
  ]
  const write = (rows) => table(rows, { markdown })
  // Targets are for those who work on the package: a page of the docs leaves them out.
  const judged = markdown ? compared.map((row) => row.slice(0, 4)) : compared
  const unit = clock === 'cpu' ? 'µs of CPU time' : 'µs'
  return [
    `${conditions(results)} ${rounds} rounds of ${requests} requests.`,
    `What a request costs on top of bare Koa, in ${unit} (5th percentile):`,
    write(added),
    markdown ? 'Ratios:' : 'Ratios, with their targets:',
    write(judged),
    `The whole request, in ${unit} (min – median – max of the rounds):`,
    write(noise),
  ].join('\n\n')
}
