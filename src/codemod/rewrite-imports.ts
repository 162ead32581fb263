import type ts from 'typescript'
import { exportedName, isFunctionName, type PackageImport } from './package-imports.js'
import type { Source } from './source.js'

/** What a file needs of koa-sess in the place of the old package. */
export interface Needs {
  /** Sessions in the cookie, of `koa-sess/cookie`. */
  inCookie: boolean
  /** Functions of `koa-sess/adapters`. */
  adapters: readonly string[]
  /** Type names of the old package, and what they are called here. */
  types: ReadonlyMap<string, string>
}

/** Rewrites an import, and the types that are named through it. */
export function rewriteImport(source: Source, found: PackageImport, needs: Needs): void {
  const { ts } = source
  const { statement, specifier } = found
  const quote = source.textOf(specifier)[0] ?? "'"
  const quoted = (text: string) => `${quote}${text}${quote}`
  if (ts.isImportDeclaration(statement)) rewriteEsm(source, statement, needs, quoted)
  else if (ts.isImportEqualsDeclaration(statement))
    rewriteEquals(source, statement, specifier, needs, quoted)
  else rewriteRequire(source, statement, specifier, needs, quoted)
}

type Quoted = (text: string) => string

function rewriteEsm(
  source: Source,
  statement: ts.ImportDeclaration,
  needs: Needs,
  quoted: Quoted,
): void {
  const { ts } = source
  const clause = statement.importClause
  if (!clause) {
    source.replace(statement.moduleSpecifier, quoted('koa-sess'))
    return
  }
  const { namedBindings } = clause
  const isNamed = namedBindings && ts.isNamedImports(namedBindings)
  const elements = isNamed ? [...namedBindings.elements] : []
  const functions = elements.filter((element) => isFunctionName(exportedName(element)))
  const star = namedBindings && ts.isNamespaceImport(namedBindings) ? [namedBindings.name] : []
  const [local, second] = [
    ...(clause.name ? [clause.name] : []),
    ...star,
    ...functions.map(({ name }) => name),
  ].map(({ text }) => text)
  const isTypeOnly = clause.phaseModifier === ts.SyntaxKind.TypeKeyword
  if (second || (isTypeOnly && local)) {
    source.note(statement, 'this import has a form that is not understood')
    return
  }
  const types = elements
    .filter((element) => !functions.includes(element))
    .map((element) => importedType(source, element, needs))
  if (local && rewriteQualifiedTypes(source, local, needs)) {
    const wanted = new Set(needs.types.values())
    for (const name of wanted)
      if (isUsed(source, local, name, needs) && !types.includes(name)) types.push(name)
  }
  const isValue = local !== undefined && (types.length === 0 || isUsedAsValue(source, local))
  const lines = importLines({
    local: isValue ? local : undefined,
    types,
    isTypeOnly,
    needs,
    quoted,
  })
  const end = statement.moduleSpecifier.end
  const semicolon = source.text[end] === ';' ? ';' : ''
  source.edits.replace(statement.getStart(source.tree), end, lines.join(`${semicolon}\n`))
}

interface Imported {
  local: string | undefined
  types: readonly string[]
  isTypeOnly: boolean
  needs: Needs
  quoted: Quoted
}

/** What is exported as a value too. */
const VALUES = /^MemoryStore\b/

function importLines({ local, types, isTypeOnly, needs, quoted }: Imported): string[] {
  const lines: string[] = []
  const from = (names: string, module: string) =>
    lines.push(`import ${names} from ${quoted(module)}`)
  const typed = types.map((name) => (VALUES.test(name) ? name : `type ${name}`))
  if (!local)
    from(isTypeOnly ? `type { ${types.join(', ')} }` : `{ ${typed.join(', ')} }`, 'koa-sess')
  else if (!needs.inCookie)
    from(typed.length > 0 ? `${local}, { ${typed.join(', ')} }` : local, 'koa-sess')
  else {
    const renamed = local === 'cookieSession' ? local : `cookieSession as ${local}`
    from(`{ ${renamed} }`, 'koa-sess/cookie')
    if (types.length > 0) from(`type { ${types.join(', ')} }`, 'koa-sess')
  }
  if (local && needs.adapters.length > 0)
    from(`{ ${needs.adapters.join(', ')} }`, 'koa-sess/adapters')
  return lines
}

/** An import specifier of a type, as it is here. */
function importedType(source: Source, element: ts.ImportSpecifier, { types }: Needs): string {
  const old = exportedName(element)
  const name = types.get(old)
  if (!name) source.note(element, `${old} is not exported by koa-sess under this name`)
  const local = element.name.text
  return local === (name ?? old) ? local : `${name ?? old} as ${local}`
}

/** Types such as `session.Session` become `Session`. @returns whether there was one. */
function rewriteQualifiedTypes(source: Source, local: string, needs: Needs): boolean {
  const names = qualifiedNames(source, local)
  for (const node of names) {
    const name = needs.types.get(node.right.text)
    if (name) source.replace(node, name)
    else source.note(node, `the type ${source.textOf(node)} has no counterpart in koa-sess`)
  }
  return names.length > 0
}

/** Whether a name is used for more than the types that are named through it. */
function isUsedAsValue(source: Source, name: string): boolean {
  const { ts } = source
  let isUsed = false
  source.visit((node) => {
    if (!ts.isIdentifier(node) || node.text !== name) return
    const { parent } = node
    const isImport =
      ts.isImportClause(parent) || ts.isNamespaceImport(parent) || ts.isImportSpecifier(parent)
    const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node
    if (!isImport && !isMember && !ts.isQualifiedName(parent)) isUsed = true
  })
  return isUsed
}

function isUsed(source: Source, local: string, name: string, { types }: Needs): boolean {
  return qualifiedNames(source, local).some(({ right }) => types.get(right.text) === name)
}

function qualifiedNames(source: Source, local: string): ts.QualifiedName[] {
  const { ts } = source
  const found: ts.QualifiedName[] = []
  source.visit((node) => {
    if (ts.isQualifiedName(node) && ts.isIdentifier(node.left) && node.left.text === local)
      found.push(node)
  })
  return found
}

function rewriteEquals(
  source: Source,
  statement: ts.ImportEqualsDeclaration,
  specifier: ts.StringLiteralLike,
  needs: Needs,
  quoted: Quoted,
): void {
  const local = statement.name.text
  for (const node of qualifiedNames(source, local)) {
    const name = needs.types.get(node.right.text)
    if (name) source.replace(node.right, name)
    else source.note(node, `the type ${source.textOf(node)} has no counterpart in koa-sess`)
  }
  const adapters = adaptersLine(source, statement, needs, (names, module) => {
    return `import { ${names} } from ${quoted(module)}`
  })
  if (needs.inCookie) {
    const end = source.text[statement.end - 1] === ';' ? ';' : ''
    const line = `import { cookieSession as ${local} } from ${quoted('koa-sess/cookie')}${end}`
    source.replace(statement, line)
  } else source.replace(specifier, quoted('koa-sess'))
  if (adapters) source.after(statement, adapters)
}

function rewriteRequire(
  source: Source,
  call: ts.CallExpression,
  specifier: ts.StringLiteralLike,
  needs: Needs,
  quoted: Quoted,
): void {
  const { ts } = source
  const { parent } = call
  source.replace(specifier, quoted(needs.inCookie ? 'koa-sess/cookie' : 'koa-sess'))
  if (!ts.isVariableDeclaration(parent)) {
    if (needs.inCookie) source.after(call, '.cookieSession')
    if (needs.adapters.length > 0)
      source.note(call, `import ${needs.adapters} of koa-sess/adapters`)
    return
  }
  if (needs.inCookie)
    source.replace(parent.name, `{ cookieSession: ${source.textOf(parent.name)} }`)
  const statement = parent.parent.parent
  const adapters = adaptersLine(source, statement, needs, (names, module) => {
    return `const { ${names} } = require(${quoted(module)})`
  })
  if (adapters) source.after(statement, adapters)
}

function adaptersLine(
  source: Source,
  statement: ts.Node,
  { adapters }: Needs,
  line: (names: string, module: string) => string,
): string | undefined {
  if (adapters.length === 0) return undefined
  const semicolon = source.text[statement.end - 1] === ';' ? ';' : ''
  return `\n${line(adapters.join(', '), 'koa-sess/adapters')}${semicolon}`
}
