import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { mentions, type PackageName } from '../codemod/packages.js'
import { transform } from '../codemod/transform.js'
import { changedLines } from './changed-lines.js'
import { loadParser } from './parser.js'
import { sourceFiles } from './source-files.js'
import type { CodemodTask } from './usage.js'

/**
 * Rewrites an application of another session package, and prints what it changed and where to look.
 * @returns the exit code.
 * @throws {UsageError} when a path or the parser is missing.
 */
export function codemod({ name, paths, dryRun }: CodemodTask): number {
  const files = sourceFiles(paths).map((path) => ({ path, text: readFileSync(path, 'utf8') }))
  if (!files.some(({ text }) => mentions(text, name))) {
    console.log(`Nothing to do: none of these ${files.length} files imports ${name}.`)
    return 0
  }
  const task = { parser: loadParser(), name, today: Date.now() }
  let [changed, open] = [0, 0]
  for (const { path, text } of files) {
    const shown = relative('', path)
    const result = transform(task, path, text)
    open += result.notes.length
    if (result.text !== text) {
      changed++
      console.log(dryRun ? `\n${shown}\n${changedLines(text, result.text)}` : `changed ${shown}`)
      if (!dryRun) writeFileSync(path, result.text)
    }
    for (const { line, message } of result.notes)
      console.log(`look at ${shown}:${line}: ${message}`)
  }
  console.log(summary(name, dryRun, changed, open))
  return 0
}

function summary(name: PackageName, dryRun: boolean, changed: number, open: number): string {
  const files = `${changed} ${changed === 1 ? 'file' : 'files'}`
  const places = `${open} ${open === 1 ? 'place' : 'places'} to look at`
  if (dryRun) return `\n${files} would change, ${places}. Nothing was written.`
  return `\n${files} changed, ${places} (line numbers are those from before).
Next: npm install koa-sess && npm uninstall @types/${name}
Keep ${name} and its store in package.json until you will not go back.
Then run your tests, and read what changes at run time: docs/migration.md`
}
