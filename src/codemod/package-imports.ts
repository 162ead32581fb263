import type ts from 'typescript'
import type { Scopes } from './scopes.js'
import type { Source } from './source.js'

/** A place where a file imports the package. */
export interface PackageImport {
  /** What is replaced: a whole `import`, or the call of `require`. */
  statement: ts.ImportDeclaration | ts.ImportEqualsDeclaration | ts.CallExpression
  specifier: ts.StringLiteralLike
  /** Nodes that declare a name of the session function in this file. */
  declarations: readonly ts.Node[]
}

/** Every import of a package. What else names the package gets a note. */
export function findImports(source: Source, name: string): PackageImport[] {
  const { ts } = source
  const found: PackageImport[] = []
  source.visit((node) => {
    if (!ts.isStringLiteralLike(node) || node.text !== name) return
    const entry = importOf(source, node)
    if (entry) found.push(entry)
    else source.note(node, `${name} is named here: change it by hand`)
  })
  return found
}

function importOf(source: Source, specifier: ts.StringLiteralLike): PackageImport | undefined {
  const { ts } = source
  const { parent } = specifier
  if (ts.isImportDeclaration(parent)) {
    const clause = parent.importClause
    const bindings = clause?.namedBindings
    const functions =
      bindings && ts.isNamedImports(bindings)
        ? bindings.elements.filter((element) => isFunctionName(exportedName(element)))
        : []
    const namespace = bindings && ts.isNamespaceImport(bindings) ? [bindings] : []
    const declarations = [...(clause?.name ? [clause] : []), ...namespace, ...functions]
    return { statement: parent, specifier, declarations }
  }
  if (ts.isExternalModuleReference(parent) && ts.isImportEqualsDeclaration(parent.parent))
    return { statement: parent.parent, specifier, declarations: [parent.parent] }
  if (!isRequire(source, parent)) return undefined
  const above = parent.parent
  const isDeclared = ts.isVariableDeclaration(above) && ts.isIdentifier(above.name)
  if (!isDeclared && !(ts.isCallExpression(above) && above.expression === parent)) return undefined
  return { statement: parent, specifier, declarations: isDeclared ? [above] : [] }
}

function isRequire({ ts }: Source, node: ts.Node): node is ts.CallExpression {
  return (
    ts.isCallExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === 'require'
  )
}

/** What an import specifier is called in the package. */
export function exportedName({ name, propertyName }: ts.ImportSpecifier): string {
  return (propertyName ?? name).text
}

/** koa-session 7 exports its function under two names. */
export function isFunctionName(name: string): boolean {
  return name === 'default' || name === 'createSession'
}

/** Every call of the imported function. Where else it is named, it gets a note: other names of it are not followed. */
export function findCalls(
  source: Source,
  scopes: Scopes,
  imports: readonly PackageImport[],
): ts.CallExpression[] {
  const { ts } = source
  const declarations = new Set<ts.Node | undefined>(imports.flatMap((each) => each.declarations))
  const callees = new Set<ts.Node>()
  const calls: ts.CallExpression[] = []
  source.visit((node) => {
    if (ts.isIdentifier(node) && !callees.has(node) && isReference(source, node)) {
      if (declarations.has(scopes.find(node))) source.note(node, `${node.text}: ${NO_CALL}`)
    }
    if (!ts.isCallExpression(node)) return
    const callee = source.bare(node.expression)
    const isImported = ts.isIdentifier(callee) && declarations.has(scopes.find(callee))
    if (!isImported && !imports.some(({ statement }) => statement === callee)) return
    callees.add(callee)
    calls.push(node)
  })
  return calls
}

const NO_CALL =
  'this is no call. Options that it gets elsewhere are not changed, see docs/migration.md'

/** Whether an identifier means a value: it is neither a declared name, a key, a member nor a type. */
function isReference({ ts }: Source, node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isExportSpecifier(parent)) {
    const isElsewhere = parent.parent.parent.moduleSpecifier !== undefined
    return !isElsewhere && (parent.propertyName ?? parent.name) === node
  }
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if ('name' in parent && parent.name === node) return false
  if (ts.isBindingElement(parent) || ts.isImportSpecifier(parent))
    return parent.propertyName !== node
  return (
    !ts.isQualifiedName(parent) && !ts.isTypeReferenceNode(parent) && !ts.isTypeQueryNode(parent)
  )
}
