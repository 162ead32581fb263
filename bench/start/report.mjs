import { conditions } from '../shared/machine.mjs'
import { spread, table, whole } from '../shared/table.mjs'

export function report(results, { markdown }) {
  const { measured, rounds } = results
  const rows = measured.map(({ name, times, size }) => [
    name,
    spread(times, (value) => value.toFixed(1)),
    whole(size.own),
    `${whole(size.dependencies)} (${size.packages})`,
  ])
  return [
    `${conditions(results)} ${rounds} rounds.`,
    'Time to import in a fresh process that has loaded Koa, in ms (min – median – max of the rounds); bytes unpacked, its own and those of dependencies that Koa does not bring (how many):',
    table([['', 'import', 'bytes', 'dependencies'], ...rows], { markdown }),
  ].join('\n\n')
}
