import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Bundle, bundle } from './bundle.js'

const root = join(import.meta.dirname, '../..')
const src = join(root, 'src')
const test = join(root, 'test')
const PREFIX = 'generated-shared-'
/** The command first; its folder is as deep below package.json as in the package. */
const ENTRIES = ['cli/koa-sess', 'index', 'redis', 'device-bound', 'testing'] as const
/** A test run that still uses a bundle is younger, in ms. */
const OLD = 86_400_000

/**
 * The command and the entries that programs of tests import. It is built once for a state of `src`:
 * `remove` leaves it to the other test files, and to the next run.
 */
export async function sharedBundle(): Promise<Bundle> {
  const folder = join(test, PREFIX + fingerprint())
  if (!existsSync(folder)) await buildInto(folder)
  return { file: join(folder, 'koa-sess.mjs'), folder, remove: () => undefined }
}

/** A hash of what is built. */
function fingerprint(): string {
  const hash = createHash('sha256')
  for (const how of ['shared-bundle.ts', 'bundle.ts'])
    hash.update(readFileSync(join(import.meta.dirname, how)))
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((name) => name.endsWith('.ts')).sort())
    hash.update(`\n${file}\n`).update(readFileSync(join(src, file)))
  return hash.digest('hex').slice(0, 16)
}

async function buildInto(folder: string): Promise<void> {
  removeOld()
  const [first, ...others] = ENTRIES.map((entry) => `../src/${entry}.ts`)
  const built = await bundle(test, first ?? '', ...others)
  try {
    // At once: another worker sees the whole bundle or none.
    renameSync(built.folder, folder)
  } catch (error) {
    built.remove()
    // Another worker was faster.
    if (!existsSync(folder)) throw error
  }
}

function removeOld(): void {
  for (const name of readdirSync(test).filter((each) => each.startsWith(PREFIX))) {
    const path = join(test, name)
    const isOld = Date.now() - statSync(path).mtimeMs > OLD
    if (isOld) rmSync(path, { recursive: true, force: true })
  }
}
