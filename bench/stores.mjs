// Compares each store with its bare client: operations a second, and bytes for each session. See docs/stores.md.
import { parseArgs } from 'node:util'
import { machine } from './shared/machine.mjs'
import { OUTPUT, publish } from './shared/publish.mjs'
import { shuffled } from './shared/statistics.mjs'
import { CONTENDERS } from './stores/contenders.mjs'
import { fill, OPERATIONS, rate } from './stores/operations.mjs'
import { report } from './stores/report.mjs'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '0.3' },
    sessions: { type: 'string', default: '100000' },
    store: { type: 'string', multiple: true, default: Object.keys(CONTENDERS) },
    ...OUTPUT,
  },
})
const rounds = Number(options.rounds)
const seconds = Number(options.seconds)
const sessions = Number(options.sessions)

const opened = []
try {
  for (const name of options.store) {
    const contender = await CONTENDERS[name]()
    opened.push({ name, contender, bytes: await fill(contender, sessions), slices: new Map() })
  }
  const cells = opened.flatMap((one) => OPERATIONS.map((operation) => ({ ...one, operation })))
  // The first round warms up and is not counted.
  for (let round = -1; round < rounds; round++) {
    for (const { contender, slices, operation } of shuffled(cells)) {
      const taken = {}
      for (const side of shuffled(['store', 'raw']))
        taken[side] = await rate(contender, side, operation, { sessions, seconds })
      if (round >= 0) slices.set(operation, [...(slices.get(operation) ?? []), taken])
    }
  }
} finally {
  for (const { contender } of opened) await contender.close()
}

const versions = Object.assign({}, ...opened.map(({ contender }) => contender.versions))
const packages = ['ioredis', 'libsql', 'pg', 'mysql2']
const measured = opened.map(({ name, bytes, slices }) => ({ name, bytes, slices }))
const results = {
  ...(await machine(packages, versions)),
  ...{ rounds, seconds, sessions, measured },
}
await publish('stores', results, { report, page: 'stores.md' }, options)
