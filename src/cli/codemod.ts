import { isUtf8 } from 'node:buffer'
import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { mentions, type PackageName } from '../codemod/packages.js'
import { type Change, type Task, transform } from '../codemod/transform.js'
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
  const files = sourceFiles(paths).map(readSource)
  if (!files.some(({ text }) => mentions(text, name))) {
    console.log(`Nothing to do: none of these ${files.length} files imports ${name}.`)
    return 0
  }
  const task = { parser: loadParser(), name, today: Date.now() }
  let [changed, open] = [0, 0]
  for (const file of files) {
    const { path, text } = file
    const shown = relative('', path)
    const result = changeOf(task, file)
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

interface SourceFile {
  path: string
  text: string
  isReadable: boolean
}

/** What is not UTF-8 is read as Latin-1, which takes any bytes, to see whether it needs a change. */
function readSource(path: string): SourceFile {
  const bytes = readFileSync(path)
  const isReadable = isUtf8(bytes)
  return { path, text: bytes.toString(isReadable ? 'utf8' : 'latin1'), isReadable }
}

const NOT_UTF8 = { line: 1, message: 'this file is not UTF-8, so it is left as it is' }

function changeOf(task: Task, { path, text, isReadable }: SourceFile): Change {
  const change = transform(task, path, text)
  if (isReadable) return change
  const isConcerned = mentions(text, task.name) || change.text !== text || change.notes.length > 0
  return { text, notes: isConcerned ? [NOT_UTF8] : [] }
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
