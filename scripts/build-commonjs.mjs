// tsc writes the ES modules; this is the fallback for what cannot require() them: Jest, older bundlers.
// Every subpath of `exports` becomes a file here, under the name its `require` condition gives it.
import { copyFile, readFile, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { build } from 'tsdown'

const { exports } = JSON.parse(await readFile('package.json', 'utf8'))
const subpaths = Object.values(exports).filter((target) => typeof target !== 'string')
const entry = subpaths.map(({ import: esm, require: cjs }) => [
  basename(cjs.default, '.cjs'),
  esm.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts'),
])

await build({
  config: false,
  entry: { ...Object.fromEntries(entry), index: 'src/cjs/index.ts' },
  format: 'cjs',
  outDir: 'dist/cjs',
  clean: ['dist'],
  dts: true,
  hash: false,
  // Nobody reads what only tools load; the ES modules beside it are for people.
  minify: true,
  logLevel: 'warn',
  checks: { legacyCjs: false, pluginTimings: false },
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
