import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

// In memory where Linux has such a folder: files that are synced take a hundred times as long on a disk.
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** An empty folder for small files. */
export function makeFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(ROOT, 'koa-sess-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) }
}

/** A folder for the tests of a file, which is gone after them. @returns the path of a name in it. */
export function temporaryFolder(): (name: string) => string {
  const { path, remove } = makeFolder()
  afterAll(remove)
  return (name) => join(path, name)
}
