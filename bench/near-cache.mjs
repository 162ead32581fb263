// Measures the client-side cache of node-redis behind the middleware. See docs/performance.md.
import { parseArgs } from 'node:util'
import { cellsOf } from './http/cells.mjs'
import { compare } from './http/rounds.mjs'
import { report } from './near-cache/report.mjs'
import { machine } from './shared/machine.mjs'
import { OUTPUT, publish } from './shared/publish.mjs'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '1' },
    connections: { type: 'string', default: '64' },
    ...OUTPUT,
  },
})
const rounds = Number(options.rounds)
const seconds = Number(options.seconds)
const connections = Number(options.connections)
const names = ['read', 'rolling', 'modify']
const contenders = ['koa-sess, node-redis', 'koa-sess, node-redis with clientSideCache', 'koa-sess']

const cells = cellsOf({ names, connections, sweep: [] })
const { measured, version } = await compare({ contenders, cells, rounds, seconds })
const results = {
  ...(await machine(['koa', 'redis', 'ioredis'], { Redis: version })),
  ...{ rounds, seconds, connections, contenders, measured },
}
await publish('near-cache', results, { report }, options)
