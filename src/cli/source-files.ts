import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { UsageError } from './usage.js'

/**
 * The JavaScript and TypeScript files in these files and folders, without `node_modules`, folders that
 * begin with a dot, and declarations.
 * @throws {UsageError} for a path that does not exist.
 */
export function sourceFiles(paths: readonly string[]): string[] {
  const found = paths.flatMap((path) => {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (!stats) throw new UsageError(`there is no file or folder ${path}`)
    return stats.isDirectory() ? filesIn(resolve(path)) : [resolve(path)]
  })
  return [...new Set(found)]
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory())
        return entry.name === 'node_modules' || entry.name.startsWith('.') ? [] : filesIn(path)
      return entry.isFile() && isSource(entry.name) ? [path] : []
    })
}

function isSource(name: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(name) && !/\.d\.[cm]?ts$/.test(name)
}
