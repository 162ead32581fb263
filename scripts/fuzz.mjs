// Fuzzing guided by coverage, and the times of what must be linear:
// npm run fuzz -- --seconds 60 --target cookie|record|options|device|all --seed 1 --no-times
import { parseArgs } from 'node:util'
import { Coverage } from './fuzz/coverage.mjs'
import { timeTable } from './fuzz/linear.mjs'
import { fuzz } from './fuzz/loop.mjs'
import { Random } from './fuzz/random.mjs'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string', default: 'all' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    // Times say nothing where other work runs beside.
    'no-times': { type: 'boolean', default: false },
  },
})

// Timed first: code whose coverage is counted is slower.
const table = values['no-times'] ? { text: '', flagged: 0 } : timeTable()

// Before the package is loaded, or V8 counts whole functions only.
const coverage = new Coverage(/\/src\/(?!testing\/)/)
const { TARGETS } = await import('./fuzz/targets.mjs')
const chosen = TARGETS.filter(({ name }) => values.target === 'all' || name === values.target)
if (chosen.length === 0) throw new Error(`Targets: all, ${TARGETS.map(({ name }) => name)}`)

console.log(`seed ${values.seed}: npm run fuzz -- --seed ${values.seed} repeats the run`)
let failed = 0
const seconds = Number(values.seconds) / chosen.length
for (const target of chosen) {
  const random = new Random(Number(values.seed))
  const { executions, elapsed, corpus, failures } = await fuzz(target, {
    seconds,
    random,
    coverage,
  })
  console.log(
    `${target.name}: ${executions} executions (${Math.round(executions / elapsed)}/s), ` +
      `${coverage.blocks} blocks reached, corpus of ${corpus.length}, ${failures.length} failures`,
  )
  for (const { input, error } of failures) {
    console.log(
      `\n${target.name}, seed ${values.seed}, input:\n${JSON.stringify(input)}\n${error.stack}\n`,
    )
  }
  failed += failures.length
}

console.log(`\n${table.text}`)
if (failed > 0 || table.flagged > 0) process.exitCode = 1
