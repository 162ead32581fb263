import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

/** The rooms from the top down: a file imports from its own room or from a lower one. */
const ROOMS = [
  ['cjs', 'cli'],
  ['codemod'],
  ['.'],
  ['device-bound'],
  ['testing', 'adapters', 'koa'],
  ['options'],
  ['users'],
  ['connections'],
  ['session'],
  ['stores/legacy', 'stores/memory', 'stores/migrating', 'stores/redis', 'stores/sql'],
  ['record'],
  ['stores', 'cookie'],
  ['util'],
]

/** A store can be taken out of the package: it knows the contract, and nothing of requests. */
const STORES_IMPORT = /^(stores(\/|$)|record\/tombstone$|util\/)/

/** The longest chain of imports, types included, in files. */
const MAX_CHAIN = 13

interface Import {
  file: string
  from: string
  typeOnly: boolean
}

const root = join(import.meta.dirname, '../../src')
const modules = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => read(path.replaceAll('\\', '/')))
const files = modules.map(({ file }) => file)
const chains = new Map<string, string[]>()
const imports = modules.flatMap((module) => module.imports)
const inside = imports.filter(({ from }) => files.includes(from))
const outside = imports.filter(({ from }) => !files.includes(from))

it('the top of src holds the entries of exports, and folders', () => {
  const { exports } = JSON.parse(readFileSync(join(root, '../package.json'), 'utf8'))
  const entries = Object.keys(exports)
    .filter((subpath) => subpath !== './package.json')
    .map((subpath) => (subpath === '.' ? 'index' : subpath.slice(2)))
  expect(files.filter((file) => !file.includes('/')).sort()).toEqual(entries.sort())
})

it('every file has a room', () => {
  expect(files.filter((file) => roomOf(file) < 0)).toEqual([])
})

it('imports run one way, downward, types included', () => {
  const upward = inside.filter(({ file, from }) => roomOf(from) < roomOf(file))
  expect(upward.map(({ file, from }) => `${file} imports ${from}`)).toEqual([])
})

it('there is no circle among files, types included', () => {
  expect(circle(new Map(files.map((file) => [file, importedBy(file)])))).toBe(undefined)
})

it('there is no circle among folders, types included', () => {
  const folders = new Map<string, string[]>()
  for (const { file, from } of inside) {
    const [one, other] = [posix.dirname(file), posix.dirname(from)]
    if (one !== other) folders.set(one, [...(folders.get(one) ?? []), other])
  }
  expect(circle(folders)).toBe(undefined)
})

it(`the longest chain of imports has at most ${MAX_CHAIN} files`, () => {
  const longest = files
    .map(chainFrom)
    .reduce((one, other) => (other.length > one.length ? other : one))
  expect(longest.length, longest.join(' → ')).toBeLessThanOrEqual(MAX_CHAIN)
})

it('a store imports the contract, tombstones and utilities', () => {
  const stores = inside.filter(({ file }) => file.startsWith('stores/'))
  expect(stores.filter(({ from }) => !STORES_IMPORT.test(from))).toEqual([])
})

it('nothing imports a driver, or anything else from outside', () => {
  const foreign = outside.filter(({ from }) => !from.startsWith('node:'))
  // The types of Koa alone: the application brings its own Koa.
  const isKoa = ({ file, from, typeOnly }: Import) =>
    from === 'koa' && typeOnly && /^(koa|options|device-bound)\//.test(file)
  // The types of a parser: the command loads the one of its user.
  const isParser = ({ file, from, typeOnly }: Import) =>
    from === 'typescript' && typeOnly && file.startsWith('codemod/')
  expect(foreign.filter((entry) => !isKoa(entry) && !isParser(entry))).toEqual([])
})

it('node:http is imported for its types alone, as Node 24 loads WebSocket with its values', () => {
  const loaded = outside.filter(({ from, typeOnly }) => from === 'node:http' && !typeOnly)
  expect(loaded.map(({ file }) => file)).toEqual([])
})

it('no file has more than 250 lines, or an `any`', () => {
  expect(modules.filter(({ lines }) => lines > 250).map(({ file }) => file)).toEqual([])
  expect(modules.filter(({ hasAny }) => hasAny).map(({ file }) => file)).toEqual([])
})

function roomOf(file: string): number {
  return ROOMS.findIndex((rooms) => rooms.includes(posix.dirname(file)))
}

function importedBy(file: string): string[] {
  return inside.filter((each) => each.file === file).map(({ from }) => from)
}

/** The first way that comes back to its start, as text; undefined: there is none. */
function circle(graph: Map<string, string[]>): string | undefined {
  const done = new Set<string>()
  const walk = (node: string, path: string[]): string | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node].join(' → ')
    if (done.has(node)) return undefined
    for (const next of graph.get(node) ?? []) {
      const found = walk(next, [...path, node])
      if (found) return found
    }
    done.add(node)
    return undefined
  }
  for (const node of graph.keys()) {
    const found = walk(node, [])
    if (found) return found
  }
  return undefined
}

function chainFrom(file: string): string[] {
  const known = chains.get(file)
  if (known) return known
  const below = importedBy(file).map(chainFrom)
  const longest = below.reduce((one, other) => (other.length > one.length ? other : one), [])
  const chain = [file, ...longest]
  chains.set(file, chain)
  return chain
}

function read(path: string) {
  const text = readFileSync(join(root, path), 'utf8')
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest)
  const file = path.replace(/\.ts$/, '')
  const found: Import[] = []
  let hasAny = false
  const add = (node: ts.Node | undefined, typeOnly: boolean): void => {
    if (!node || !ts.isStringLiteral(node)) throw new Error(`${path}: an import without a name`)
    const local = posix.join(posix.dirname(path), node.text).replace(/\.js$/, '')
    found.push({ file, from: node.text.startsWith('.') ? local : node.text, typeOnly })
  }
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) hasAny = true
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
    if (ts.isExportDeclaration(node) && node.moduleSpecifier)
      add(node.moduleSpecifier, node.isTypeOnly)
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true)
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      if (!path.startsWith('cli/'))
        // The command loads drivers and modules that its user names.
        add(node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { file, imports: found, hasAny, lines: text.split('\n').length - 1 }
}
