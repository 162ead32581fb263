// Every bench that fills a table of the docs, one after another: npm run bench:all -- --write
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'

/** `quick`: options for a run that only shows that it works. `page: false`: its table in the docs is typed by hand. */
const BENCHES = {
  'in-process': { script: 'bench', quick: '--rounds 3' },
  http: { script: 'bench:http', quick: '--rounds 1 --seconds 0.2 --sweep 1' },
  'near-cache': { script: 'bench:near-cache', quick: '--rounds 1 --seconds 0.2' },
  contention: { script: 'bench:contention', quick: '--quick' },
  commands: { script: 'bench:commands', page: false, quick: '' },
  connections: {
    script: 'bench:connections',
    quick: '--sessions 500 --recheck 1000 --seconds 1',
  },
  memory: { script: 'bench:memory', quick: '--sessions 20000 --seconds 1' },
  scale: { script: 'bench:scale', quick: '--rounds 1 --seconds 0.1 --sizes 1000,10000' },
  start: { script: 'bench:start', quick: '--rounds 2' },
  stores: { script: 'bench:stores', quick: '--rounds 1 --seconds 0.1 --sessions 2000' },
  failover: { script: 'bench:failover', quick: '--rounds 1' },
  races: { script: 'bench:races', quick: '--rounds 1' },
}
const NAMES = Object.keys(BENCHES)
// What takes longer hangs.
const LIMIT_MS = 3_600_000

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: NAMES.join() },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const only = options.only.split(',')
const unknown = only.filter((name) => !NAMES.includes(name))
if (unknown.length > 0)
  throw new Error(`No bench ${unknown.join(', ')}: there are ${NAMES.join(', ')}`)
if (options.quick && options.write)
  throw new Error('--quick shows nothing that belongs into the docs')

const [load] = loadavg()
console.log(
  `The machine must be idle: other work changes every figure. Its load is ${load.toFixed(2)} on ${availableParallelism()} cores.`,
)
for (const name of NAMES.filter((one) => only.includes(one))) {
  const begun = performance.now()
  const failure = await run(BENCHES[name])
  const seconds = Math.round((performance.now() - begun) / 1000)
  console.log(`${name}: ${seconds} s, ${failure ?? 'ok'}`)
  if (failure === undefined) continue
  process.exitCode = 1
  break
}

/** How it failed; undefined: it did not. What goes into the docs is not printed. */
async function run({ script, page = true, quick }) {
  const args = [
    ...(options.quick ? quick.split(' ').filter(Boolean) : []),
    ...(options.write && page ? ['--write'] : []),
  ]
  const stdout = args.includes('--write') ? 'ignore' : 'inherit'
  const child = spawn('npm', ['run', '--silent', script, '--', ...args], {
    stdio: ['ignore', stdout, 'inherit'],
    timeout: LIMIT_MS,
  })
  const end = () => child.kill()
  process.once('SIGTERM', end)
  const [code, signal] = await once(child, 'exit')
  process.off('SIGTERM', end)
  if (code !== 0) return `failed (${signal ?? code})`
}
