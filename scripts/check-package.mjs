// Packs the package, installs it and runs the consumers. Arguments are further versions to test with:
// node scripts/check-package.mjs node@22 typescript@5.9.3
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { pack } from './pack.mjs'
import { deadLinks } from './pages.mjs'
import { entrySizes, sizeTable } from './sizes.mjs'

const exec = promisify(execFile)
const root = resolve(import.meta.dirname, '..')
const bin = join(root, 'node_modules/.bin')
/** Not bin/tsc, which may be that of TypeScript 7. */
const tsc = join(root, 'node_modules/typescript/bin/tsc')
const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
const versions = process.argv.slice(2).map((argument) => argument.split('@'))

const temp = await mkdtemp(join(tmpdir(), 'koa-sess-package-'))
const consumers = join(temp, 'consumers')
const installed = join(consumers, 'node_modules/koa-sess')
// The measured size, a quarter of it pages, and some room. Without dependencies, this is all that is installed.
const MOST_BYTES = 1_350_000
/** The code of one entry and of `koa-sess`, which an application loads at its start: measured, and some room. */
const MOST_LOADED = 175_000
const PROJECTS = ['ts-esm', 'ts-cjs', 'ts-mixed']
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
  const tarball = await check('build and pack', packSmall)
  if (!tarball || !(await check('install', () => installConsumers(tarball)))) return

  await check('publint', () => exec(join(bin, 'publint'), ['run', tarball, '--strict']))
  await check('attw', () => exec(join(bin, 'attw'), [tarball]))
  await check('pages', checkPages)
  await check('sizes', checkSizes)
  await checkTypes('TypeScript', tsc)
  await checkTypes('TypeScript', tsc, ['ts-cjs/tsconfig.commonjs.json'])
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
    else await checkTypes(label, join(folder, 'node_modules/.bin/tsc'), projectsFor(version))
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

async function packSmall() {
  const { file, bytes } = await pack(temp)
  if (bytes > MOST_BYTES)
    throw new Error(`The package takes ${bytes} bytes unpacked, more than ${MOST_BYTES}`)
  return file
}

/** Links of the packed pages, and the pages that messages and types name. */
async function checkPages() {
  const read = (file) =>
    existsSync(join(installed, file)) ? readFileSync(join(installed, file), 'utf8') : undefined
  const files = await readdir(installed, { recursive: true })
  const pages = files.filter((file) => /(^|\/)(.*\.md|llms\.txt)$/.test(file))
  const dead = pages.flatMap((page) => deadLinks(page, read(page), read))
  const code = files.filter((file) => /^dist\/.*\.([cm]?js|[cm]?ts)$/.test(file))
  const named = code.flatMap((file) => read(file).match(/docs\/[\w-]+\.md/g) ?? [])
  dead.push(...new Set(named.filter((page) => read(page) === undefined)))
  if (!pages.includes('docs/errors.md')) dead.push('docs/errors.md')
  if (dead.length > 0) throw new Error(`Dead links in the package:\n${dead.join('\n')}`)
}

async function checkSizes() {
  console.log(await sizeTable(installed))
  const large = (await entrySizes(installed)).filter(({ beside }) => beside > MOST_LOADED)
  if (large.length > 0)
    throw new Error(`More than ${MOST_LOADED} bytes are loaded by ${large.map(({ name }) => name)}`)
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

/** TypeScript 6 deprecates the resolution of Node 10, and 7 has it no more. */
function projectsFor(version) {
  return Number.parseInt(version, 10) < 6 ? [...PROJECTS, 'ts-node10'] : PROJECTS
}

async function checkTypes(label, tsc, projects = PROJECTS) {
  for (const project of projects)
    await check(`${label}: ${project}`, () => exec(tsc, ['-p', join(consumers, project)]))
}

async function checkNode(label, node) {
  const command = join(consumers, 'node_modules/.bin/koa-sess')
  await check(`${label}: koa-sess --help`, () => exec(node, [command, '--help']))
  for (const file of ['esm/main.js', 'esm/sqlite.js', 'cjs/main.js', 'cjs/one-instance.js'])
    await check(`${label}: ${file}`, () => exec(node, [join(consumers, file)]))
}
