// Bundles each subpath of `exports` and each command of `bin` into one ES module. A subpath also gets
// a CommonJS fallback, for Jest and older bundlers. tsc writes the types.
import { copyFile, readFile, rm } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { build } from 'tsdown'

const { exports, bin = {} } = JSON.parse(await readFile('package.json', 'utf8'))
const subpaths = Object.values(exports).filter((target) => typeof target !== 'string')
const modules = [...subpaths.map(({ import: esm }) => esm.default), ...Object.values(bin)]
const nameOf = (module) => module.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, '')
const sourceOf = (module) => `src/${nameOf(module)}.ts`

const keepNames = { function: true, class: true }
const shared = {
  config: false,
  hash: false,
  logLevel: 'warn',
  checks: { legacyCjs: false, pluginTimings: false },
}

const core = new Set()
/** Finds the modules that `koa-sess` itself imports. */
const findCore = {
  name: 'find-core',
  buildEnd() {
    const add = (id) => {
      const found = this.getModuleInfo(id)
      if (!found || core.has(id)) return
      core.add(id)
      found.importedIds.forEach(add)
    }
    add(resolve('src/index.ts'))
  },
}

// A few files instead of fifty, and one for all that `koa-sess` needs: finding, compiling and linking
// many took most of the time of an import.
await build({
  ...shared,
  entry: Object.fromEntries(modules.map((module) => [nameOf(module), sourceOf(module)])),
  format: 'esm',
  outDir: 'dist',
  outExtensions: () => ({ js: '.js' }),
  outputOptions: {
    chunkFileNames: 'shared/[name].js',
    codeSplitting: { groups: [{ name: 'core', test: (id) => core.has(id) }] },
    comments: { jsdoc: false },
  },
  plugins: [findCore],
  clean: ['dist'],
  dts: false,
  // White space and names of variables go. Names of functions and classes stay: a stack trace shows them.
  minify: {
    compress: { keepNames },
    mangle: { toplevel: true, keepNames },
    codegen: { removeWhitespace: true },
  },
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
  // Only tools load the fallback. The ES modules stay readable.
  minify: true,
})
// These entries have hand-written types, so their generated ones are replaced or removed.
for (const name of ['index', 'cookie', 'device-bound'])
  await copyFile(`src/cjs/${name}.d.cts`, `dist/cjs/${name}.d.cts`)
await rm('dist/cjs/middleware.d.cts', { force: true })

// rolldown may put a shared helper into an entry, and then the others would load all of that entry.
const names = ['index', ...entry.map(([name]) => name)]
for (const name of new Set(names)) {
  const code = await readFile(`dist/cjs/${name}.cjs`, 'utf8')
  const loaded = names.find((other) => code.includes(`require("./${other}.cjs")`))
  if (loaded) throw new Error(`dist/cjs/${name}.cjs loads all of ${loaded}.cjs`)
}
