// Compares the in-process benchmark of the working tree and of another revision, in one run:
// npm run bench:compare -- HEAD~3
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import * as koaSess from 'koa-sess'
import { checkOut } from './compare/checkout.mjs'
import { evaluate, report } from './compare/report.mjs'
import { checkLane, checkVariant } from './in-process/check.mjs'
import { Lane } from './in-process/lane.mjs'
import { CLOCKS, measure } from './in-process/measure.mjs'
import { SCENARIOS } from './in-process/scenarios.mjs'
import { BARE, onItsOwnStore, setUp } from './in-process/setups.mjs'
import { machine } from './shared/machine.mjs'
import { OUTPUT, publish } from './shared/publish.mjs'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '50' },
    requests: { type: 'string', default: '200' },
    cpu: { type: 'boolean', default: false },
    ...OUTPUT,
  },
})
const [revision] = positionals
if (!revision) throw new Error('Name a revision to compare with: npm run bench:compare -- HEAD~1')
const rounds = Number(options.rounds)
const requests = Number(options.requests)
const clock = options.cpu ? 'cpu' : 'wall'

const { commit, folder, remove } = await checkOut(revision)
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => remove().finally(() => process.exit(1)))
try {
  const other = await import(pathToFileURL(join(folder, 'dist/index.js')).href)
  const names = { now: 'now', before: commit }
  const variants = [
    setUp(BARE),
    setUp(names.now, onItsOwnStore(koaSess)),
    setUp(names.before, onItsOwnStore(other)),
  ]
  for (const variant of variants) await checkVariant(variant)
  const lanes = []
  for (const scenario of SCENARIOS) {
    for (const variant of variants) lanes.push(await Lane.open(variant, scenario))
  }
  for (const lane of lanes) await checkLane(lane)
  const times = await measure(lanes, { rounds, requests, warmUp: 2000, clock: CLOCKS[clock] })
  const cells = evaluate(times, names)
  const results = { ...(await machine(['koa'])), rounds, requests, clock, names, cells }
  await publish('compare', results, { report }, options)
} finally {
  await remove()
}
