import { readdirSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'
import type { Sources } from './sources.js'

/** The files at the top of `src`: one for each entry of `exports`. */
export function entriesOf(root: string): string[] {
  const files = readdirSync(join(root, 'src')).filter((file) => file.endsWith('.ts'))
  return files.map((file) => `src/${file}`)
}

/** A name that a reader can import, and the file that declares it. */
export interface Exported {
  name: string
  file: string
}

/** What an entry exports, types included. */
export function exportsOf(sources: Sources, entry: string): Exported[] {
  return sources.get(entry).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) return []
    const { exportClause: clause, moduleSpecifier: from } = statement
    const file = from && ts.isStringLiteral(from) ? importedFile(entry, from.text) : entry
    const names = clause && ts.isNamedExports(clause) ? clause.elements : []
    return [...names].map(({ name }) => ({ name: name.text, file }))
  })
}

/** The file of a relative import. */
export function importedFile(importer: string, specifier: string): string {
  return posix.join(posix.dirname(importer), specifier.replace(/\.js$/, '.ts'))
}
