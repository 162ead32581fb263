import { conditions } from '../shared/machine.mjs'
import { table, whole } from '../shared/table.mjs'

export function report(results, { markdown }) {
  const { sessions, recheck, seconds, opened, idle, held } = results
  const row = (name, { cpu, commands, writes, aborted }) => [
    name,
    `${(cpu / 10_000).toFixed(2)} %`,
    whole(commands),
    whole(writes),
    whole(aborted),
  ]
  return [
    conditions(results),
    `${whole(sessions)} sessions of 250 bytes, each with one connection, \`recheck\` ${whole(recheck)} ms. Without the socket itself, each takes ${whole(opened.heap)} bytes of heap (RSS ${whole(opened.rss)}). Over ${seconds} s:`,
    table(
      [
        ['', 'CPU of one core', 'commands/s', 'socket writes/s', 'aborted'],
        row('before', idle),
        row('held', held),
      ],
      { markdown },
    ),
  ].join('\n\n')
}
