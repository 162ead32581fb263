// Each row of the checklist in docs/security.md names files. Each file must hold a test with the row's id.
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const root = resolve(import.meta.dirname, '..')
const page = await readFile(join(root, 'docs/security.md'), 'utf8')
const rows = [...page.matchAll(/^\| ([A-Z]\d) \|.*\|(.*)\|$/gm)].map(([, id, files]) => ({
  id,
  files: [...files.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file]) => file),
}))
const named = [...rows.flatMap((row) => row.files), ...(await filesWithIds())]
const tests = await listTests(new Set(named), '--staticParse')
// A file whose tests are made by functions has to be run for their names.
const made = rows.flatMap(({ id, files }) => missingIn(files, id))
if (made.length > 0) tests.push(...(await listTests(new Set(made))))

let failed = 0
for (const { id, files } of rows) {
  const missing = missingIn(files, id)
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

/** The files among these that hold no test with an id. */
function missingIn(files, id) {
  return files.filter((file) => !tests.some((test) => shows(test, id, file)))
}

/** The tests of files that vitest would run, without skipped ones. */
async function listTests(files, ...options) {
  const folder = await mkdtemp(join(tmpdir(), 'koa-sess-checklist-'))
  try {
    // Into a file: a process that ends cuts off what it has written to a pipe.
    const list = join(folder, 'tests.json')
    const command = ['vitest', 'list', ...options, '--project', 'node', '--project', 'unit']
    await promisify(execFile)('npx', [...command, `--json=${list}`, ...files], { cwd: root })
    return JSON.parse(await readFile(list, 'utf8'))
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** To collect all files takes half a minute. */
async function filesWithIds() {
  const files = await readdir(join(root, 'test'), { recursive: true })
  const tests = files.filter((file) => file.endsWith('.test.ts'))
  const isNaming = await Promise.all(
    tests.map(async (file) =>
      /['"`][A-Z]\d(?:: |, [A-Z]\d)/.test(await readFile(join(root, 'test', file), 'utf8')),
    ),
  )
  return tests.filter((_, at) => isNaming[at]).map((file) => `test/${file}`)
}

function shows({ file, name }, id, wanted) {
  return resolve(file) === join(root, wanted) && idsOf(name).includes(id)
}

/** The ids in `G1: …` or `H2, L3: …`, in the name of a test or of its describe blocks. */
function idsOf(name) {
  const heads = name.match(/(?:^| > )(?:[A-Z]\d, )*[A-Z]\d: /g) ?? []
  return heads.flatMap((head) => head.match(/[A-Z]\d/g))
}
