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

/** Every call of the imported function. */
export function findCalls(
  source: Source,
  scopes: Scopes,
  imports: readonly PackageImport[],
): ts.CallExpression[] {
  const { ts } = source
  const declarations = imports.flatMap((each) => each.declarations)
  const calls: ts.CallExpression[] = []
  source.visit((node) => {
    if (!ts.isCallExpression(node)) return
    const callee = source.bare(node.expression)
    const declaration = ts.isIdentifier(callee) ? scopes.find(callee) : undefined
    const isImported = declaration !== undefined && declarations.includes(declaration)
    if (isImported || imports.some(({ statement }) => statement === callee)) calls.push(node)
  })
  return calls
}
