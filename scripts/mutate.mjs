// Changes the code in small ways, and counts the changes that a unit test notices: npm run mutate
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'

const FILES = [
  'src/cookie/header.ts',
  'src/session/id.ts',
  'src/util/duration.ts',
  'src/session/commit.ts',
  'src/session/lifetime.ts',
  'src/record/merge.ts',
  'src/record/group-commit.ts',
  'src/record/key-move.ts',
]
const LEAST_PERCENT = 90
const NOTICED = ['Killed', 'Timeout']

const { values } = parseArgs({
  options: { file: { type: 'string', multiple: true, default: FILES } },
})

const mutants = await new Stryker({
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutate.ts', related: false },
  mutate: values.file,
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // On a machine that is busy, a shorter time would take a slow test for one that never ends.
  timeoutMS: 20_000,
  reporters: ['progress-append-only'],
  tempDirName: '.stryker/tmp',
  ignorePatterns: ['dist', 'bench', 'examples', 'docs'],
  cleanTempDir: 'always',
}).runMutationTest()
const results = mutants.filter(({ status }) => status !== 'Ignored')

let survived = 0
for (const file of values.file) {
  const all = results.filter(({ fileName }) => fileName.endsWith(file))
  const left = all.filter(({ status }) => !NOTICED.includes(status))
  survived += left.length
  console.log(`${file}: ${all.length - left.length} of ${all.length}`)
  for (const mutant of left) console.log(`  ${nameOf(mutant)}`)
}
const percent = (100 * (results.length - survived)) / results.length
console.log(`${results.length - survived} of ${results.length}: ${percent.toFixed(1)} %`)
if (percent < LEAST_PERCENT) process.exitCode = 1

function nameOf({ fileName, location: { start }, replacement }) {
  const file = fileName.slice(fileName.lastIndexOf('/src/') + 1)
  return `${file}:${start.line}:${start.column} → ${replacement}`
}
