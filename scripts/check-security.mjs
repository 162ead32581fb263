// Each row of the checklist in docs/security.md names files. Each file must hold a test with the row's id.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const root = resolve(import.meta.dirname, '..')
const page = await readFile(join(root, 'docs/security.md'), 'utf8')
const rows = [...page.matchAll(/^\| ([A-Z]\d) \|.*\|(.*)\|$/gm)].map(([, id, files]) => ({
  id,
  files: [...files.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file]) => file),
}))
const tests = await listTests()

let failed = 0
for (const { id, files } of rows) {
  const missing = files.filter((file) => !tests.some((test) => shows(test, id, file)))
  if (files.length > 0 && missing.length === 0) continue
  failed++
  console.log(
    `${id}: ${missing.length > 0 ? `no test with this id in ${missing}` : 'the row names no test file'}`,
  )
}
const known = new Set(rows.map(({ id }) => id))
const unlisted = tests.flatMap(({ name }) => idsOf(name)).filter((id) => !known.has(id))
for (const id of new Set(unlisted)) {
  failed++
  console.log(`${id}: a test names this id, but the checklist has no such row`)
}
if (rows.length === 0) failed++
console.log(`${rows.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

/** The tests that vitest would run, without skipped ones. */
async function listTests() {
  const command = ['vitest', 'list', '--project', 'node', '--project', 'unit', '--json']
  const { stdout } = await promisify(execFile)('npx', command, { cwd: root, maxBuffer: 2 ** 26 })
  return JSON.parse(stdout.slice(stdout.search(/^\[/m)))
}

function shows({ file, name }, id, wanted) {
  return resolve(file) === join(root, wanted) && idsOf(name).includes(id)
}

/** The ids in `G1: …` or `H2, L3: …`, in the name of a test or of its describe blocks. */
function idsOf(name) {
  const heads = name.match(/(?:^| > )(?:[A-Z]\d, )*[A-Z]\d: /g) ?? []
  return heads.flatMap((head) => head.match(/[A-Z]\d/g))
}
