// Compares the speed with a thousand and with a million sessions.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { plot, report } from './scale/report.mjs'
import { Child } from './shared/child.mjs'
import { machine } from './shared/machine.mjs'
import { OUTPUT, publish } from './shared/publish.mjs'
import { startRedis } from './shared/redis.mjs'
import { shuffled, summary } from './shared/statistics.mjs'

const OPERATIONS = ['load', 'replace', 'create', 'read request']

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.2' },
    sizes: { type: 'string', default: '1000,10000,100000,1000000' },
    store: { type: 'string', multiple: true, default: ['map', 'memory', 'redis'] },
    ...OUTPUT,
  },
})
const rounds = Number(options.rounds)
const seconds = Number(options.seconds)
const sizes = options.sizes.split(',').map(Number)
const worker = fileURLToPath(new URL('scale/worker.mjs', import.meta.url))

const server = await startRedis()
const children = []
try {
  for (const store of options.store) {
    for (const [database, size] of sizes.entries()) {
      const args = [store, `${size}`, `${server.url}/${database}`]
      children.push({ store, size, child: await Child.start(worker, args) })
    }
  }
  const measured = children.flatMap((one) =>
    OPERATIONS.map((operation) => ({ ...one, operation, rates: [] })),
  )
  // The first round warms up and is not counted.
  for (let round = -1; round < rounds; round++) {
    for (const { child, operation, rates } of shuffled(measured)) {
      const rate = await child.ask('measure', { operation, seconds })
      if (round >= 0) rates.push(rate)
    }
  }
  const lines = options.store.flatMap((store) =>
    OPERATIONS.map((operation) => ({
      store,
      operation,
      points: measured
        .filter((one) => one.store === store && one.operation === operation)
        .map(({ size, rates }) => ({ size, rate: summary(rates) })),
    })),
  )
  const used = await machine(['koa', 'ioredis'], { Redis: server.version })
  await publish('scale', { ...used, rounds, seconds, lines }, { report, plot }, options)
} finally {
  for (const { child } of children) await child.stop()
  await server.stop()
}
