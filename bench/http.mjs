// Requests over HTTP with sessions in Redis, compared with bare Koa and raw commands. See docs/performance.md.
import { parseArgs } from 'node:util'
import { cellsOf, PATHS } from './http/cells.mjs'
import { chart } from './http/chart.mjs'
import { LIMIT } from './http/limit.mjs'
import { plot, report } from './http/report.mjs'
import { evaluate } from './http/results.mjs'
import { compare } from './http/rounds.mjs'
import { machine } from './shared/machine.mjs'
import { PACKAGES } from './shared/packages.mjs'
import { writeInto } from './shared/page.mjs'
import { OUTPUT, publish } from './shared/publish.mjs'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    connections: { type: 'string', default: '64' },
    sweep: { type: 'string', default: '1,16,128,1024' },
    cell: { type: 'string', multiple: true, default: Object.keys(PATHS) },
    ...OUTPUT,
  },
})
const rounds = Number(options.rounds)
const seconds = Number(options.seconds)
const cells = cellsOf({
  names: options.cell,
  connections: Number(options.connections),
  sweep: options.sweep.split(',').filter(Boolean).map(Number),
})

const contenders = [LIMIT, ...Object.keys(PACKAGES)]
const { measured, version } = await compare({ contenders, cells, rounds, seconds })
const results = {
  ...(await machine(['koa', 'koa-session', 'koa-generic-session', 'koa-redis', 'ioredis'], {
    Redis: version,
  })),
  ...{ rounds, seconds },
  entries: evaluate(measured),
}
await publish('http', results, { report, plot }, options)
if (options.write)
  await writeInto(new URL('../README.md', import.meta.url), 'http-chart', chart(results))
