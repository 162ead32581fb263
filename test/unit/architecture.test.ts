import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

// From the top down: a file imports from its own layer or from one below, never from above.
const layers = [
  ['cjs/*', 'cli/*'],
  ['index', 'cookie-only'],
  ['middleware'],
  ['sealed-host'],
  ['types', 'accessors', 'host'],
  ['request'],
  ['cookie', 'arrive', 'load', 'commit', 'update', 'visit', 'deadline', 'view', 'config'],
  ['options'],
  [
    'baker',
    'session',
    'template',
    'merge',
    'plan',
    'writer',
    'gate',
    'stores/*',
    'adapters/*',
    'testing/*',
  ],
  [
    'store',
    'codec',
    'attributes',
    'expiry',
    'id',
    'signature',
    'seal',
    'vault',
    'events',
    'downgrade',
    'recent',
    'serialize',
  ],
  ['errors'],
]

// A store can be taken out of the house: it knows the contract, and nothing of requests.
const storesMayImport = ['stores/*', 'store', 'codec', 'expiry', 'errors']

// Its types only: the app brings its own Koa.
const mayKnowKoa = [
  'middleware',
  'accessors',
  'host',
  'types',
  'options',
  'events',
  'cookie-only',
  'sealed-host',
]

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
const imports = modules.flatMap((module) => module.imports)
const inside = imports.filter(({ from }) => files.includes(from))
const outside = imports.filter(({ from }) => !files.includes(from))

it('every file has a layer', () => {
  expect(files.filter((file) => layerOf(file) < 0)).toEqual([])
})

it('imports run one way, downward', () => {
  expect(inside.filter(({ file, from }) => layerOf(from) < layerOf(file))).toEqual([])
})

it('no file comes back to itself', () => {
  const walk = (file: string, path: string[]): void => {
    expect(path, [...path, file].join(' → ')).not.toContain(file)
    for (const next of inside)
      if (next.file === file && !next.typeOnly) walk(next.from, [...path, file])
  }
  for (const file of files) walk(file, [])
})

it('only what is exported imports the middleware', () => {
  const importers = inside.filter(({ from }) => from === 'middleware').map(({ file }) => file)
  expect(new Set(importers)).toEqual(new Set(['index', 'cookie-only']))
})

it('a store imports the contract and what is below it', () => {
  const stores = inside.filter(({ file }) => file.startsWith('stores/'))
  expect(stores.filter(({ from }) => !isIn(storesMayImport, from))).toEqual([])
})

it('nothing imports a driver, or anything else from outside', () => {
  const foreign = outside.filter(({ from }) => !from.startsWith('node:'))
  const knowsKoa = ({ file, from, typeOnly }: Import) =>
    from === 'koa' && typeOnly && mayKnowKoa.includes(file)
  expect(foreign.filter((entry) => !knowsKoa(entry))).toEqual([])
})

it('no file has more than 250 lines, or an `any`', () => {
  expect(modules.filter(({ lines }) => lines > 250).map(({ file }) => file)).toEqual([])
  expect(modules.filter(({ hasAny }) => hasAny).map(({ file }) => file)).toEqual([])
})

function layerOf(file: string): number {
  return layers.findIndex((layer) => isIn(layer, file))
}

function isIn(patterns: string[], file: string): boolean {
  return patterns.includes(file) || patterns.includes(`${posix.dirname(file)}/*`)
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
