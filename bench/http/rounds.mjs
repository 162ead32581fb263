import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { Child } from '../shared/child.mjs'
import { startRedis } from '../shared/redis.mjs'
import { shuffled } from '../shared/statistics.mjs'
import { Site } from './site.mjs'
import { check, slice } from './slice.mjs'

const GENERATOR = fileURLToPath(new URL('generator.mjs', import.meta.url))

/** Measures every contender in every cell, once a round, in random order. */
export async function compare({ contenders, cells, rounds, seconds }) {
  const server = await startRedis()
  const redis = new Redis(server.url)
  const generator = await Child.start(GENERATOR)
  const sites = []
  try {
    for (const name of contenders) sites.push(await Site.start(name, server.url))
    for (const site of sites) for (const cell of cells) await check(site, cell)

    const measured = cells.flatMap((cell) =>
      sites.map((site) => ({ cell, site, contender: site.name, slices: [] })),
    )
    // The first round warms up and is not counted.
    for (let round = -1; round < rounds; round++) {
      for (const cell of cells) {
        for (const one of shuffled(measured.filter((other) => other.cell === cell))) {
          const taken = await slice({ site: one.site, generator, redis }, cell, seconds)
          if (round >= 0) one.slices.push(taken)
        }
      }
    }
    return {
      measured: measured.map(({ cell, contender, slices }) => ({ cell, contender, slices })),
      version: server.version,
    }
  } finally {
    for (const site of sites) await site.stop()
    await generator.stop()
    redis.disconnect()
    await server.stop()
  }
}
