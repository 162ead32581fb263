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

/** The tests that vitest would run, without skipped ones, of the files that name an id or that a row names. */
async function listTests() {
  const files = new Set([...rows.flatMap((row) => row.files), ...(await filesWithIds())])
  const folder = await mkdtemp(join(tmpdir(), 'koa-sess-checklist-'))
  try {
    // Into a file: a process that ends cuts off what it has written to a pipe.
    const list = join(folder, 'tests.json')
    const command = ['vitest', 'list', '--project', 'node', '--project', 'unit', `--json=${list}`]
    await promisify(execFile)('npx', [...command, ...files], { cwd: root })
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
