import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Does something in a folder of its own, which is gone afterwards. */
export async function inFolder(
  act: (path: (name: string) => string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'koa-sess-'))
  try {
    await act((name) => join(folder, name))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
