// Runs the tests of one process, one Redis client and the databases on other versions of Node:
// node scripts/test-on-node.mjs 24 26
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const VITEST = join(root, 'node_modules/vitest/vitest.mjs')
const PACKAGE = `node-${process.platform}-${process.arch}`
/** Folders and files, as `vitest run` takes them. */
const TESTS = [
  ...['test/unit/', 'test/integration/', 'test/security/'],
  ...['test/races/races', 'test/races/conflicts'],
  ...['test/conformance/memory', 'test/conformance/redis-ioredis'],
]

/** What a random record means does not depend on the version. */
const EXCLUDED = ['--exclude', 'test/security/fuzz*.test.ts']

const temp = await mkdtemp(join(tmpdir(), 'koa-sess-node-'))
let [passed, failed] = [0, 0]
try {
  for (const version of process.argv.slice(2)) await test(version)
} finally {
  await rm(temp, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1

async function test(version) {
  const node = install(version)
  console.log(execFileSync(node, ['--version'], { encoding: 'utf8' }).trim())
  const args = [VITEST, 'run', '--project', 'unit', '--project', 'node', ...EXCLUDED, ...TESTS]
  const child = spawn(node, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (text) => {
    output += text
    process.stdout.write(text)
  })
  const [code] = await once(child, 'close')
  // The last line of the tests' reporter.
  const [, ...counts] = /(\d+) passed, (\d+) failed\s*$/.exec(output) ?? []
  passed += Number(counts[0] ?? 0)
  failed += Math.max(Number(counts[1] ?? 0), code === 0 ? 0 : 1)
}

function install(version) {
  const folder = join(temp, version)
  const args = ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund']
  execFileSync('npm', [...args, `${PACKAGE}@${version}`], { stdio: 'ignore' })
  return join(folder, 'node_modules', PACKAGE, 'bin/node')
}
