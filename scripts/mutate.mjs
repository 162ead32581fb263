// Changes the code in small ways, and counts the changes that a test notices: npm run mutate
// The unit tests run first, as they are fast. Only what they miss runs with the tests of whole requests.
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

const first = await mutate('vitest.mutate-unit.ts', values.file)
const missed = first.filter(({ status }) => !NOTICED.includes(status))
const second =
  missed.length > 0 ? await mutate('vitest.mutate.ts', [...new Set(missed.map(range))]) : []
const later = new Map(second.map((mutant) => [nameOf(mutant), mutant]))
const results = first
  .map((mutant) => later.get(nameOf(mutant)) ?? mutant)
  .filter(({ status }) => status !== 'Ignored')

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

function mutate(configFile, files) {
  return new Stryker({
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile, related: false },
    mutate: files,
    coverageAnalysis: 'perTest',
    concurrency: 2,
    // On a machine that is busy, a shorter time would take a slow test for one that never ends.
    timeoutMS: 20_000,
    reporters: ['progress-append-only'],
    tempDirName: '.stryker/tmp',
    ignorePatterns: ['dist', 'bench', 'examples', 'docs'],
    cleanTempDir: 'always',
  }).runMutationTest()
}

/** Where a mutant is, in the form that Stryker takes: lines from 1, columns from 0. */
function range({ fileName, location: { start, end } }) {
  const file = fileName.slice(fileName.lastIndexOf('/src/') + 1)
  return `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`
}

function nameOf(mutant) {
  return `${range(mutant)} → ${mutant.replacement}`
}
