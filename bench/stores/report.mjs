import { conditions } from '../shared/machine.mjs'
import { ratios, summary } from '../shared/statistics.mjs'
import { spread, table, whole } from '../shared/table.mjs'
import { OPERATIONS } from './operations.mjs'

export function report(results, { markdown }) {
  const { measured, rounds, seconds, sessions } = results
  const cell = (slices) => {
    const side = (name) => slices.map((slice) => slice[name])
    const { median } = summary(side('store'))
    return `${spread(ratios(side('store'), side('raw')))} (${whole(median)})`
  }
  return [
    `${conditions(results)} ${rounds} rounds of ${seconds} s, ${whole(sessions)} sessions of 300 bytes.`,
    'Operations of the store relative to those of its bare client in the same round (min – median – max), in brackets the median of operations a second. In one process; 64 calls at a time to servers:',
    table(
      [
        ['', ...OPERATIONS, 'bytes a session'],
        ...measured.map(({ name, bytes, slices }) => [
          name,
          ...OPERATIONS.map((operation) => cell(slices.get(operation))),
          whole(bytes),
        ]),
      ],
      { markdown },
    ),
  ].join('\n\n')
}
