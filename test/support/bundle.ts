import { mkdtempSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Modules as files that Node runs without TypeScript, in a folder of their own; `file` is the first. */
export interface Bundle {
  file: string
  folder: string
  remove(): void
}

/** The folder goes into `beside`: inside of the repo, so that the bundle finds koa and the drivers. */
export async function bundle(beside: string, ...sources: [string, ...string[]]): Promise<Bundle> {
  const folder = mkdtempSync(join(beside, 'generated-'))
  // It takes half a second to load, and most runs need no new bundle.
  const { build } = await import('tsdown')
  const nameOf = (source: string) => basename(source, '.ts')
  await build({
    config: false,
    entry: Object.fromEntries(sources.map((source) => [nameOf(source), join(beside, source)])),
    format: 'esm',
    platform: 'node',
    outDir: folder,
    outExtensions: () => ({ js: '.mjs' }),
    dts: false,
    clean: false,
    logLevel: 'silent',
  })
  const remove = () => rmSync(folder, { recursive: true, force: true })
  return { file: join(folder, `${nameOf(sources[0])}.mjs`), folder, remove }
}
