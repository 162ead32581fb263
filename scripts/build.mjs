// Each subpath of `exports`, and each command of `bin`, becomes one ES module; a subpath also becomes
// what cannot require() one falls back to (Jest, older bundlers). tsc adds the types.
import { copyFile, readFile, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { build } from 'tsdown'

const { exports, bin = {} } = JSON.parse(await readFile('package.json', 'utf8'))
const subpaths = Object.values(exports).filter((target) => typeof target !== 'string')
const modules = [...subpaths.map(({ import: esm }) => esm.default), ...Object.values(bin)]
const nameOf = (module) => module.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, '')
const sourceOf = (module) => `src/${nameOf(module)}.ts`

const shared = {
  config: false,
  hash: false,
  logLevel: 'warn',
  checks: { legacyCjs: false, pluginTimings: false },
}

// In a few files instead of fifty: to find and to compile them was most of what an import took.
await build({
  ...shared,
  entry: Object.fromEntries(modules.map((module) => [nameOf(module), sourceOf(module)])),
  format: 'esm',
  outDir: 'dist',
  outExtensions: () => ({ js: '.js' }),
  outputOptions: { chunkFileNames: 'shared/[name].js', comments: { jsdoc: false } },
  clean: ['dist'],
  dts: false,
})

const entry = subpaths.map(({ import: esm, require: cjs }) => [
  basename(cjs.default, '.cjs'),
  sourceOf(esm.default),
])
await build({
  ...shared,
  entry: { ...Object.fromEntries(entry), index: 'src/cjs/index.ts' },
  format: 'cjs',
  outDir: 'dist/cjs',
  clean: false,
  dts: true,
  // Nobody reads what only tools load; the ES modules beside it are for people.
  minify: true,
})
// Their types are the ES module's own, and nothing else needs what was made for them.
for (const name of ['index', 'cookie'])
  await copyFile(`src/cjs/${name}.d.cts`, `dist/cjs/${name}.d.cts`)
await rm('dist/cjs/middleware.d.cts', { force: true })

// rolldown puts a helper that several entries need into one of them, and all others then load it.
const names = ['index', ...entry.map(([name]) => name)]
for (const name of new Set(names)) {
  const code = await readFile(`dist/cjs/${name}.cjs`, 'utf8')
  const loaded = names.find((other) => code.includes(`require("./${other}.cjs")`))
  if (loaded) throw new Error(`dist/cjs/${name}.cjs loads all of ${loaded}.cjs`)
}
