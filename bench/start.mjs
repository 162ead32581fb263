// Measures the time to load each package, and its size.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { machine } from './shared/machine.mjs'
import { PACKAGES } from './shared/packages.mjs'
import { OUTPUT, publish } from './shared/publish.mjs'
import { shuffled, summary } from './shared/statistics.mjs'
import { report } from './start/report.mjs'
import { sizeOf } from './start/size.mjs'

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, ...OUTPUT },
})
const rounds = Number(options.rounds)
const child = fileURLToPath(new URL('start/import.mjs', import.meta.url))

const names = Object.keys(PACKAGES)
const times = new Map(names.map((name) => [name, []]))
// The first round fills the file system's caches and is not counted.
for (let round = -1; round < rounds; round++) {
  for (const name of shuffled(names)) {
    const { stdout } = await promisify(execFile)(process.execPath, [child, name])
    if (round >= 0) times.get(name).push(Number(stdout))
  }
}

const measured = []
for (const name of names)
  measured.push({ name, times: summary(times.get(name)), size: await sizeOf(name) })
const peers = names.filter((name) => name !== 'koa-sess')
await publish(
  'start',
  { ...(await machine(['koa', ...peers])), rounds, measured },
  { report },
  options,
)
