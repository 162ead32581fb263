// How many bytes of modules an app loads, by entry: npm run sizes
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'

const root = resolve(import.meta.dirname, '..')
const IMPORTED = /(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g

if (process.argv[1] === import.meta.filename) console.log(await sizeTable(root))

/** A table of all entries: the bytes that an import of each loads, alone and beside `koa-sess`. */
export async function sizeTable(folder) {
  const rows = (await entrySizes(folder)).map(
    ({ name, alone, zipped, beside }) =>
      `| \`${name}\` | ${kilobytes(alone)} | ${kilobytes(zipped)} | ${kilobytes(beside)} |`,
  )
  return ['| entry | loads | gzip | with `koa-sess` |', '|---|---|---|---|', ...rows].join('\n')
}

/** @returns for each entry of `exports`: its bytes alone, compressed, and together with `koa-sess`. */
export async function entrySizes(folder) {
  const { exports } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const entries = Object.entries(exports).filter(([, target]) => typeof target !== 'string')
  const main = join(folder, exports['.'].import.default)
  return Promise.all(
    entries.map(async ([subpath, target]) => {
      const file = join(folder, target.import.default)
      const own = await loadedBy(file)
      const together = await loadedBy(main, file)
      return {
        name: `koa-sess${subpath.slice(1)}`,
        alone: bytesOf(own),
        zipped: gzipSync(own.join('')).length,
        beside: bytesOf(together),
      }
    }),
  )
}

/** The texts of the modules that these files load, themselves included. */
async function loadedBy(...files) {
  const texts = new Map()
  const load = async (file) => {
    if (texts.has(file)) return
    const text = await readFile(file, 'utf8')
    texts.set(file, text)
    for (const [, path] of text.matchAll(IMPORTED)) await load(join(dirname(file), path))
  }
  for (const file of files) await load(file)
  return [...texts.values()]
}

function bytesOf(texts) {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(0)} kB`
}
