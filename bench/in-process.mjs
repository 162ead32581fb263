// The cost of a session middleware on top of bare Koa, without network or database. See docs/performance.md.
import { parseArgs } from 'node:util'
import { checkLane, checkVariant } from './in-process/check.mjs'
import { Lane } from './in-process/lane.mjs'
import { CLOCKS, measure, measureBytes } from './in-process/measure.mjs'
import { report } from './in-process/report.mjs'
import { evaluate } from './in-process/results.mjs'
import { SCENARIOS } from './in-process/scenarios.mjs'
import { BARE, NAMES, setUp } from './in-process/setups.mjs'
import { machine } from './shared/machine.mjs'
import { OUTPUT, publish } from './shared/publish.mjs'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    requests: { type: 'string', default: '200' },
    cpu: { type: 'boolean', default: false },
    variant: { type: 'string', multiple: true, default: NAMES },
    scenario: { type: 'string', multiple: true, default: SCENARIOS.map(({ name }) => name) },
    ...OUTPUT,
  },
})
const rounds = Number(options.rounds)
const requests = Number(options.requests)

const variants = NAMES.filter((name) => name === BARE || options.variant.includes(name)).map(
  (name) => setUp(name),
)
const scenarios = SCENARIOS.filter(({ name }) => options.scenario.includes(name))
if (scenarios.length === 0)
  throw new Error(`Scenarios: ${SCENARIOS.map(({ name }) => name).join('; ')}`)

for (const variant of variants) await checkVariant(variant)
const lanes = []
for (const scenario of scenarios) {
  for (const variant of variants) lanes.push(await Lane.open(variant, scenario))
}
for (const lane of lanes) await checkLane(lane)

const clock = options.cpu ? 'cpu' : 'wall'
const times = await measure(lanes, { rounds, requests, warmUp: 2000, clock: CLOCKS[clock] })
const bytes = new Map()
for (const lane of lanes) {
  if (lane.scenario.name === 'read') bytes.set(lane, await measureBytes(lane))
}

const results = {
  ...(await machine(['koa', 'koa-generic-session', 'koa-session'])),
  ...{ rounds, requests, clock },
  ...evaluate(times, bytes),
}
await publish(options.cpu ? 'in-process-cpu' : 'in-process', results, { report }, options)
