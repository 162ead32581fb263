// Runs the conformance suite, the races and a small app on Bun and Deno, and the app on Cloudflare's
// workerd. Their npm packages go into a temporary folder: node scripts/test-runtimes.mjs bun deno workerd
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'tsdown'

const exec = promisify(execFile)
const root = resolve(import.meta.dirname, '..')
const VERSIONS = { bun: '1.4.5', deno: '2.9.6', miniflare: '4.20260426.0' }
const TIME_LIMIT = 120_000
const RUNTIMES = {
  bun: (file) => play('bun', [file]),
  deno: (file) => play('deno', ['run', '--allow-all', '--no-lock', file]),
  workerd: askWorker,
}
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(RUNTIMES)

const temp = await mkdtemp(join(tmpdir(), 'koa-sess-runtimes-'))
// Inside of the repository, so that the bundle finds koa.
const bundles = await mkdtemp(join(root, 'test/runtimes/generated-'))
let [passed, failed] = [0, 0]
try {
  const [file] = await Promise.all([bundle('main', /^koa$/), ...names.map(install)])
  for (const name of names) await test(name, file)
} finally {
  await rm(temp, { recursive: true, force: true })
  await rm(bundles, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1

async function test(name, file) {
  const start = performance.now()
  const counts = await RUNTIMES[name](file).catch((error) => {
    console.log([error.message, error.stdout, error.stderr].filter(Boolean).join('\n'))
    return { passed: 0, failed: 1 }
  })
  passed += counts.passed
  failed += counts.failed
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed (${seconds} s)`)
}

async function install(name) {
  const tool = name === 'workerd' ? 'miniflare' : name
  const folder = join(temp, name)
  await mkdir(folder, { recursive: true })
  const flags = ['--prefix', folder, '--no-save', '--prefer-offline', '--no-audit', '--no-fund']
  await exec('npm', ['install', ...flags, `${tool}@${VERSIONS[tool]}`], { cwd: folder })
}

async function bundle(name, ...external) {
  await build({
    config: false,
    entry: { [name]: join(root, `test/runtimes/${name}.ts`) },
    format: 'esm',
    platform: 'node',
    outDir: bundles,
    outExtensions: () => ({ js: '.mjs' }),
    alias: { vitest: join(root, 'test/runtimes/expect.ts') },
    external: [/^node:/, /^cloudflare:/, ...external],
    noExternal: external.length > 0 ? [] : [/^[^.]/],
    dts: false,
    clean: false,
    logLevel: 'error',
  })
  return join(bundles, `${name}.mjs`)
}

/** Runs the bundle, which prints what it counted. */
async function play(name, args) {
  const command = join(temp, name, 'node_modules/.bin', name)
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), TIME_LIMIT)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += text
    })
  await once(child, 'close')
  clearTimeout(timer)
  const [, passes, failures] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? []
  if (passes === undefined || failures !== '0') console.log(output)
  return { passed: Number(passes ?? 0), failed: Number(failures ?? 1) }
}

/** Loads the app as a worker, and asks it twice. */
async function askWorker() {
  const file = await bundle('worker')
  const { Miniflare } = createRequire(join(temp, 'workerd/package.json'))('miniflare')
  // A worker has no file of its own that CommonJS modules could be found from.
  const code = (await readFile(file, 'utf8')).replaceAll('import.meta.url', '"file:///worker.mjs"')
  const worker = new Miniflare({
    modules: [{ type: 'ESModule', path: 'worker.mjs', contents: code }],
    compatibilityDate: '2026-04-20',
    compatibilityFlags: [
      'nodejs_compat',
      'enable_nodejs_http_server_modules',
      'enable_nodejs_v8_module',
    ],
  })
  try {
    const first = await worker.dispatchFetch('http://worker.example/')
    const cookie = first.headers
      .getSetCookie()
      .map((line) => line.split(';', 1)[0])
      .join('; ')
    const second = await worker.dispatchFetch('http://worker.example/', { headers: { cookie } })
    const answers = [await first.json(), await second.json()].map(({ views }) => views)
    if (`${answers}` !== '1,2') throw new Error(`The worker counted ${answers} and not 1,2`)
    return { passed: 1, failed: 0 }
  } finally {
    await worker.dispose()
  }
}
