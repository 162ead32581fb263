import { BARE } from './setups.mjs'

/** The results as text: three tables, in Markdown or padded for a terminal. */
export function report(results, { markdown }) {
  const { cells, ratios, bytes } = results
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
        bytes ? count(bytes.added[variant]) : '–',
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
    const row = ['itself', 'bytes, read', count(added['koa-sess']), '', `≤ ${count(target)}`]
    compared.push([...row, met ? 'met' : 'missed'])
  }
  const noise = [
    ['', ...scenarios],
    ...variants.map((variant) => [
      variant,
      ...scenarios.map((scenario) => {
        const { min, median, max } = cell(variant, scenario)
        return [min, median, max].map((value) => value.toFixed(1)).join(' – ')
      }),
    ]),
  ]
  const write = markdown ? toMarkdown : toText
  return [
    conditions(results),
    'µs that a request costs on top of bare Koa (5th percentile):',
    write(added),
    'Ratios, with their targets:',
    write(compared),
    'The whole request, in µs (min – median – max of the rounds):',
    write(noise),
  ].join('\n\n')
}

const count = (value) => value.toLocaleString('en')

function conditions({ node, cores, packages, rounds, requests }) {
  const named = Object.entries(packages).map(([name, version]) => `${name} ${version}`)
  return `Node ${node}, ${cores} cores; ${named.join(', ')}; ${rounds} rounds of ${requests} requests.`
}

function toMarkdown([head, ...rows]) {
  const line = (values) => `| ${values.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

function toText(rows) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)))
  return rows.map((row) => row.map((value, at) => value.padEnd(widths[at])).join('  ')).join('\n')
}
