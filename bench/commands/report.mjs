import { conditions } from '../shared/machine.mjs'
import { table } from '../shared/table.mjs'

/** Rows are packages, columns are kinds of requests. */
export function report(results, { markdown }) {
  const { counted } = results
  const cells = [...new Set(counted.map(({ cell }) => cell))]
  const packages = [...new Set(counted.map(({ name }) => name))]
  const rows = packages.map((name) => [
    name,
    ...cells.map((cell) => written(counted.find((one) => one.name === name && one.cell === cell))),
  ])
  const text = [
    conditions(results),
    'Commands that one request sends to Redis, as MONITOR reports them; in brackets the commands that a script runs:',
    table([['', ...cells], ...rows], { markdown }),
  ]
  return text.join('\n\n')
}

function written({ sent, inside }) {
  const scripted = inside.length > 0 ? ` [${inside.join(', ')}]` : ''
  return sent.length > 0 ? `${sent.length}: ${sent.join(', ')}${scripted}` : '0'
}
