// Makes the package that is published: npm run pack -- folder, then npm publish folder/koa-sess-….tgz
// The pages in it have no links to files that are only in the repository.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { withoutDeadLinks } from './pages.mjs'

const exec = promisify(execFile)
const root = resolve(import.meta.dirname, '..')

if (process.argv[1] === import.meta.filename) {
  if (process.argv[2] === '--refuse') {
    console.error(
      'npm run pack makes the package: it has other links in its pages than the repository.',
    )
    process.exitCode = 1
  } else console.log((await pack(resolve(process.argv[2] ?? '.'))).file)
}

/**
 * Builds the package and packs it into a folder.
 * @returns its file, and how many bytes it takes once it is installed.
 */
export async function pack(folder) {
  await exec('npm', ['run', '--silent', 'build'], { cwd: root })
  const files = await listPacked()
  const staged = await mkdtemp(join(tmpdir(), 'koa-sess-pack-'))
  try {
    for (const file of files) await stage(file, files, staged)
    const args = ['pack', '--json', '--pack-destination', folder]
    const { stdout } = await exec('npm', args, { cwd: staged })
    const [{ filename, unpackedSize }] = JSON.parse(stdout)
    return { file: join(folder, filename), bytes: unpackedSize }
  } finally {
    await rm(staged, { recursive: true, force: true })
  }
}

/** What `files` of package.json takes, as npm says. */
async function listPacked() {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const { stdout } = await exec('npm', args, { cwd: root })
  const [{ files }] = JSON.parse(stdout)
  return files.map(({ path }) => path)
}

async function stage(file, files, staged) {
  const [from, to] = [join(root, file), join(staged, file)]
  await mkdir(dirname(to), { recursive: true })
  if (file === 'package.json')
    await writeFile(to, JSON.stringify(await readManifest(from), null, 2))
  else if (file.endsWith('.md') || file === 'llms.txt')
    await writeFile(to, withoutDeadLinks(file, await readFile(from, 'utf8'), files))
  else await cp(from, to)
}

/** What only the repository needs is left out. */
async function readManifest(file) {
  const { scripts, devDependencies, overrides, ...manifest } = JSON.parse(
    await readFile(file, 'utf8'),
  )
  return manifest
}
