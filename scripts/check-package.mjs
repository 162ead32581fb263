// Packs the package, installs it and runs the consumers. Arguments are further versions to test with:
// node scripts/check-package.mjs node@22 typescript@5.9.3
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const exec = promisify(execFile)
const root = resolve(import.meta.dirname, '..')
const bin = join(root, 'node_modules/.bin')
const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
const versions = process.argv.slice(2).map((argument) => argument.split('@'))

const temp = await mkdtemp(join(tmpdir(), 'koa-sess-package-'))
const consumers = join(temp, 'consumers')
// The measured size and some room. Without dependencies, this is all that an application installs.
const MOST_BYTES = 780_000
let passed = 0
let failed = 0

try {
  await checkPackage()
} finally {
  await rm(temp, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1

async function checkPackage() {
  const tarball = await check('build and pack', pack)
  if (!tarball || !(await check('install', () => installConsumers(tarball)))) return

  await check('publint', () => exec(join(bin, 'publint'), ['run', tarball, '--strict']))
  await check('attw', () => exec(join(bin, 'attw'), [tarball, '--profile', 'node16']))
  await checkTypes('TypeScript', join(bin, 'tsc'))
  await checkTypes('TypeScript', join(bin, 'tsc'), ['ts-cjs/tsconfig.commonjs.json'])
  await checkNode(`Node ${process.version}`, process.execPath)
  // Without require() of ES modules, Node loads the CommonJS files.
  await check('CommonJS fallback', () =>
    exec(process.execPath, ['--no-experimental-require-module', join(consumers, 'cjs/main.js')]),
  )

  for (const [tool, version] of versions) {
    const name = tool === 'node' ? `node-${process.platform}-${process.arch}` : tool
    const folder = join(temp, `${tool}-${version}`)
    const label = `${tool} ${version}`
    if (!(await check(`install ${label}`, () => install(folder, `${name}@${version}`)))) continue
    if (tool === 'node') await checkNode(label, join(folder, 'node_modules', name, 'bin/node'))
    else await checkTypes(label, join(folder, 'node_modules/.bin/tsc'))
  }
}

/** Runs and counts an action. @returns its result, or true; undefined if it failed. */
async function check(name, action) {
  const start = performance.now()
  const log = (state) =>
    console.log(`${state} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  try {
    const result = await action()
    passed++
    log('ok  ')
    return result ?? true
  } catch (error) {
    failed++
    log('FAIL')
    console.log([error.message, error.stdout, error.stderr].filter(Boolean).join('\n'))
  }
}

async function pack() {
  const { stdout } = await exec('npm', ['pack', '--json', '--pack-destination', temp], {
    cwd: root,
  })
  // The build that npm runs first also prints to stdout.
  const [{ filename, unpackedSize }] = JSON.parse(stdout.slice(stdout.search(/^\[/m)))
  if (unpackedSize > MOST_BYTES)
    throw new Error(`The package takes ${unpackedSize} bytes unpacked, more than ${MOST_BYTES}`)
  return join(temp, filename)
}

async function installConsumers(tarball) {
  await cp(join(root, 'test/package/consumers'), consumers, { recursive: true })
  await writeFile(join(consumers, 'package.json'), '{ "private": true }')
  const peers = ['koa', '@types/koa', '@types/node', 'libsql']
  await install(consumers, tarball, ...peers.map((name) => `${name}@${devDependencies[name]}`))
}

async function install(folder, ...packages) {
  const flags = ['--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund']
  await exec('npm', ['install', ...flags, ...packages], { cwd: temp })
}

async function checkTypes(label, tsc, projects = ['ts-esm', 'ts-cjs', 'ts-mixed']) {
  for (const project of projects)
    await check(`${label}: ${project}`, () => exec(tsc, ['-p', join(consumers, project)]))
}

async function checkNode(label, node) {
  const command = join(consumers, 'node_modules/.bin/koa-sess')
  await check(`${label}: koa-sess --help`, () => exec(node, [command, '--help']))
  for (const file of ['esm/main.js', 'esm/sqlite.js', 'cjs/main.js', 'cjs/one-instance.js'])
    await check(`${label}: ${file}`, () => exec(node, [join(consumers, file)]))
}
