import type ts from 'typescript'
import type { Source } from './source.js'

interface Declared {
  scope: ts.Node
  declaration: ts.Node
}

/** Finds where a name of a file is declared. `var` counts as if it were `let`. */
export class Scopes {
  readonly #source: Source
  readonly #declared = new Map<string, Declared[]>()

  constructor(source: Source) {
    this.#source = source
    source.visit((node) => this.#add(node))
  }

  /** The declaration that an identifier means; undefined: it is not declared in this file. */
  find(identifier: ts.Identifier): ts.Node | undefined {
    const candidates = this.#declared.get(identifier.text) ?? []
    for (let node: ts.Node | undefined = identifier; node; node = node.parent) {
      const found = candidates.find(({ scope }) => scope === node)
      if (found) return found.declaration
    }
    return undefined
  }

  /** What an identifier is initialized with. Any other expression: itself. */
  valueOf(expression: ts.Expression): ts.Expression {
    const { ts } = this.#source
    const bare = this.#source.bare(expression)
    if (!ts.isIdentifier(bare)) return bare
    const declaration = this.find(bare)
    const isInitialized =
      declaration &&
      ts.isVariableDeclaration(declaration) &&
      declaration.initializer &&
      ts.isIdentifier(declaration.name)
    return isInitialized && declaration.initializer
      ? this.#source.bare(declaration.initializer)
      : bare
  }

  #add(node: ts.Node): void {
    const { ts } = this.#source
    const isDeclaration =
      ts.isVariableDeclaration(node) ||
      ts.isBindingElement(node) ||
      ts.isParameter(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isImportClause(node) ||
      ts.isImportSpecifier(node) ||
      ts.isNamespaceImport(node) ||
      ts.isImportEqualsDeclaration(node)
    if (!isDeclaration || !node.name || !ts.isIdentifier(node.name)) return
    const known = this.#declared.get(node.name.text)
    const entry = { scope: this.#scopeOf(node), declaration: node }
    if (known) known.push(entry)
    else this.#declared.set(node.name.text, [entry])
  }

  #scopeOf(declaration: ts.Node): ts.Node {
    let node = declaration.parent
    while (!this.#isScope(node)) node = node.parent
    return node
  }

  #isScope(node: ts.Node): boolean {
    const { ts } = this.#source
    return (
      ts.isSourceFile(node) ||
      ts.isBlock(node) ||
      ts.isModuleBlock(node) ||
      ts.isCaseBlock(node) ||
      ts.isFunctionLike(node) ||
      ts.isForStatement(node) ||
      ts.isForOfStatement(node) ||
      ts.isForInStatement(node) ||
      ts.isCatchClause(node)
    )
  }
}
