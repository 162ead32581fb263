// Measures a failover: a primary is killed with -9, or hangs, while users write, in several rounds.
import { parseArgs } from 'node:util'
import { report } from './failover/report.mjs'
import { round } from './failover/round.mjs'
import { SETUPS } from './failover/setups.mjs'
import { machine } from './shared/machine.mjs'
import { OUTPUT, publish } from './shared/publish.mjs'
import { startRedis } from './shared/redis.mjs'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    users: { type: 'string', default: '12' },
    timeout: { type: 'string', default: '5000' },
    client: { type: 'string', multiple: true, default: Object.keys(SETUPS) },
    ...OUTPUT,
  },
})
const rounds = Number(options.rounds)
const users = Number(options.users)
const commandTimeout = Number(options.timeout)

const cells = options.client.flatMap((setup) =>
  SETUPS[setup].cells.map((cell) => ({ ...cell, setup, outcomes: [] })),
)
for (let at = 0; at < rounds; at++) {
  for (const cell of cells) {
    const outcome = await round({ ...cell, users, commandTimeout })
    cell.outcomes.push(outcome)
    const { recovered, failed, lost } = outcome
    console.error(
      `${cell.setup}, waits ${cell.waits}, ${cell.fault}: ${Math.round(recovered)} ms, ${failed} failed, ${lost.length} lost`,
    )
  }
}
const server = await startRedis()
await server.stop()
const used = await machine(['koa', 'ioredis', 'iovalkey', 'redis'], { Redis: server.version })
const results = { ...used, rounds, users, commandTimeout, cells }
await publish('failover', results, { report, page: 'operations.md' }, options)
