// Deletes the declarations that no entry of the package leads to: tsc makes one for every source file.
// What `require` sees has declarations of its own, so that the name `module.exports`, which TypeScript
// before 5.6 cannot read, goes too.
import { readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'

const DIST = 'dist'
const IMPORTED = /(?:from|import)\s*\(?['"](\.[^'"]+)\.js['"]/g

const files = (await readdir(DIST, { recursive: true })).map((file) => file.replaceAll('\\', '/'))
const reached = new Set()

async function reach(file) {
  if (reached.has(file) || !files.includes(file)) return
  reached.add(file)
  const text = await readFile(join(DIST, file), 'utf8')
  for (const [, path] of text.matchAll(IMPORTED))
    await reach(normalize(join(dirname(file), `${path}.d.ts`)))
}

const isEntry = (file) => /^[^/]+\.d\.ts$/.test(file) || file.endsWith('.d.cts')
for (const file of files.filter(isEntry)) await reach(file)
for (const file of files)
  if (file.endsWith('.d.ts') && !reached.has(file)) await rm(join(DIST, file))
// Folders that are empty now, the deepest first.
for (const file of files.sort((one, other) => other.length - one.length))
  if (!file.includes('.')) await rmdir(join(DIST, file)).catch(() => undefined)

const index = join(DIST, 'index.d.ts')
const types = await readFile(index, 'utf8')
const readable = types.replace(/ \w+ as 'module\.exports',/, '')
if (readable === types) throw new Error(`${index} does not export 'module.exports'`)
await writeFile(index, readable)
