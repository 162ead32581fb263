// Compiles the package and the runner into .chaos, without a type check. A loader would compile all
// of it again in each server process, and one that was killed has to start quickly.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const OUT = join(ROOT, '.chaos')
const FOLDERS = ['src', 'test/chaos', 'test/services', 'test/support']
const compilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
}

const written = new Set()
for (const folder of FOLDERS) {
  for (const name of readdirSync(join(ROOT, folder), { recursive: true })) {
    if (/(?<!\.d|\.test)\.ts$/.test(name)) compile(join(folder, name))
  }
}
// Deletes what was compiled from files that were moved or deleted since.
for (const name of readdirSync(OUT, { recursive: true })) {
  if (name.endsWith('.js') && !written.has(name)) rmSync(join(OUT, name))
}

function compile(path) {
  const to = path.replace(/ts$/, 'js')
  written.add(to)
  const [from, out] = [join(ROOT, path), join(OUT, to)]
  if (changed(from) < changed(out)) return
  const { outputText } = ts.transpileModule(readFileSync(from, 'utf8'), { compilerOptions })
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, outputText)
}

function changed(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
