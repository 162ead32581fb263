import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Unpacked bytes of a package and of its dependencies, without those that Koa also needs. */
export async function sizeOf(name) {
  const koas = await closure(folderOf('koa', ROOT))
  const folder = name === 'koa-sess' ? ROOT : folderOf(name, ROOT)
  const needed = [...(await closure(folder))].filter((one) => one !== folder && !koas.has(one))
  const own = name === 'koa-sess' ? await packed() : await bytesIn(folder)
  let dependencies = 0
  for (const one of needed) dependencies += await bytesIn(one)
  return { own, dependencies, packages: needed.length }
}

/** The unpacked bytes of koa-sess as npm would publish it. Its folder holds more. */
async function packed() {
  const args = ['pack', '--json', '--dry-run', '--ignore-scripts']
  const { stdout } = await promisify(execFile)('npm', args, { cwd: ROOT })
  const [{ unpackedSize }] = JSON.parse(stdout)
  return unpackedSize
}

/** The folders of a package and of all its dependencies. */
async function closure(folder, found = new Set()) {
  if (found.has(folder)) return found
  found.add(folder)
  const { dependencies = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) await closure(folderOf(name, folder), found)
  return found
}

// The nearest folder, as Node resolves it.
function folderOf(name, from) {
  const folder = join(from, 'node_modules', name)
  return existsSync(folder) ? folder : folderOf(name, join(from, '..'))
}

async function bytesIn(folder) {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue
    const path = join(folder, entry.name)
    bytes += entry.isDirectory() ? await bytesIn(path) : (await stat(path)).size
  }
  return bytes
}
