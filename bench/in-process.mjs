// What a session middleware adds to bare Koa, without network and database. See docs/performance.md.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { checkLane, checkVariant } from './in-process/check.mjs'
import { Lane } from './in-process/lane.mjs'
import { measure, measureBytes } from './in-process/measure.mjs'
import { report } from './in-process/report.mjs'
import { evaluate } from './in-process/results.mjs'
import { SCENARIOS } from './in-process/scenarios.mjs'
import { BARE, NAMES, setUp } from './in-process/setups.mjs'
import { machine } from './in-process/versions.mjs'
import { writeInto } from './page.mjs'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    requests: { type: 'string', default: '200' },
    json: { type: 'string' },
    markdown: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    variant: { type: 'string', multiple: true, default: NAMES },
    scenario: { type: 'string', multiple: true, default: SCENARIOS.map(({ name }) => name) },
  },
})
const rounds = Number(options.rounds)
const requests = Number(options.requests)

const variants = NAMES.filter((name) => name === BARE || options.variant.includes(name)).map(setUp)
const scenarios = SCENARIOS.filter(({ name }) => options.scenario.includes(name))
if (scenarios.length === 0)
  throw new Error(`Scenarios: ${SCENARIOS.map(({ name }) => name).join('; ')}`)

for (const variant of variants) await checkVariant(variant)
const lanes = []
for (const scenario of scenarios) {
  for (const variant of variants) lanes.push(await Lane.open(variant, scenario))
}
for (const lane of lanes) await checkLane(lane)

const times = await measure(lanes, { rounds, requests, warmUp: 2000 })
const bytes = new Map()
for (const lane of lanes) {
  if (lane.scenario.name === 'read') bytes.set(lane, await measureBytes(lane))
}

const results = { ...(await machine()), rounds, requests, ...evaluate(times, bytes) }
if (options.json) await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`)
console.log(report(results, { markdown: options.markdown }))
if (options.write) {
  const page = new URL('../docs/performance.md', import.meta.url)
  await writeInto(page, 'in-process', report(results, { markdown: true }))
}
