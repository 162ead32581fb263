// Requests over HTTP with a Redis behind, against what Koa and the bare commands can do. See docs/performance.md.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { cellsOf, PATHS } from './http/cells.mjs'
import { LIMIT } from './http/limit.mjs'
import { plot, report } from './http/report.mjs'
import { evaluate } from './http/results.mjs'
import { Site } from './http/site.mjs'
import { check, slice } from './http/slice.mjs'
import { Child } from './shared/child.mjs'
import { machine } from './shared/machine.mjs'
import { PACKAGES } from './shared/packages.mjs'
import { OUTPUT, publish } from './shared/publish.mjs'
import { startRedis } from './shared/redis.mjs'
import { shuffled } from './shared/statistics.mjs'

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

const server = await startRedis()
const redis = new Redis(server.url)
const generator = await Child.start(fileURLToPath(new URL('http/generator.mjs', import.meta.url)))
const sites = []
try {
  for (const name of [LIMIT, ...Object.keys(PACKAGES)])
    sites.push(await Site.start(name, server.url))
  for (const site of sites) for (const cell of cells) await check(site, cell)

  const measured = cells.flatMap((cell) =>
    sites.map((site) => ({ cell, site, contender: site.name, slices: [] })),
  )
  // The first round only warms up.
  for (let round = -1; round < rounds; round++) {
    for (const cell of cells) {
      for (const one of shuffled(measured.filter((other) => other.cell === cell))) {
        const taken = await slice({ site: one.site, generator, redis }, cell, seconds)
        if (round >= 0) one.slices.push(taken)
      }
    }
  }
  const results = {
    ...(await machine(['koa', 'koa-session', 'koa-generic-session', 'koa-redis', 'ioredis'], {
      Redis: server.version,
    })),
    ...{ rounds, seconds },
    entries: evaluate(measured),
  }
  await publish('http', results, { report, plot }, options)
} finally {
  for (const site of sites) await site.stop()
  await generator.stop()
  redis.disconnect()
  await server.stop()
}
