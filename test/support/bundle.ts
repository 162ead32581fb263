import { mkdtempSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'tsdown'

/** A program of the tests as one file that Node runs as it is, in a folder of its own. */
export interface Bundle {
  file: string
  folder: string
  remove(): void
}

/** `beside` is where the folder goes: inside of the repo, so that the bundle finds koa and the drivers. */
export async function bundle(beside: string, source: string): Promise<Bundle> {
  const folder = mkdtempSync(join(beside, 'generated-'))
  const name = basename(source, '.ts')
  await build({
    config: false,
    entry: { [name]: join(beside, source) },
    format: 'esm',
    platform: 'node',
    outDir: folder,
    outExtensions: () => ({ js: '.mjs' }),
    dts: false,
    clean: false,
    logLevel: 'silent',
  })
  const remove = () => rmSync(folder, { recursive: true, force: true })
  return { file: join(folder, `${name}.mjs`), folder, remove }
}
