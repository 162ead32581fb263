import ts from 'typescript'
import { type Exported, importedFile } from './entries.js'
import type { Sources } from './sources.js'

/** Exported, and short enough to be shown in full. */
const SHORT = ['OnConflict']

/** The text of types as a reader needs it: aliases that are not exported are replaced by what they mean. */
export class TypeText {
  readonly #sources: Sources
  readonly #kept: readonly Exported[]

  /** `exported`: a reader can look these up. */
  constructor(sources: Sources, exported: readonly Exported[]) {
    this.#sources = sources
    this.#kept = exported.filter(({ name }) => !SHORT.includes(name))
  }

  /** The type of a member. What `?` says already is left out. */
  of(node: ts.TypeNode): string {
    const parts = ts.isUnionTypeNode(node) ? node.types : [node]
    const texts = parts
      .filter((part) => part.kind !== ts.SyntaxKind.UndefinedKeyword)
      .map((part) => this.#text(part, new Map()))
    return texts.length === 1 ? withoutParentheses(texts[0] ?? '') : texts.join(' | ')
  }

  /** The signature of a function or method, as a function type. `made`: what a constructor returns. */
  signature(node: ts.SignatureDeclarationBase, made = 'void'): string {
    const generics = node.typeParameters?.map((parameter) => this.#text(parameter, new Map()))
    const parameters = node.parameters.map((parameter) => this.#parameter(parameter))
    const result = node.type ? this.#text(node.type, new Map()) : made
    return `${generics ? `<${generics.join(', ')}>` : ''}(${parameters.join(', ')}) => ${result}`
  }

  #parameter(parameter: ts.ParameterDeclaration): string {
    const name = ts.isIdentifier(parameter.name) ? parameter.name.text : 'options'
    const isOptional = parameter.questionToken || parameter.initializer
    const type = parameter.type ? this.of(parameter.type) : inferred(parameter.initializer)
    return `${name}${isOptional ? '?' : ''}: ${type}`
  }

  /** `bound`: the type parameters of the alias that is being replaced. */
  #text(node: ts.Node, bound: ReadonlyMap<string, string>): string {
    if (ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName)) {
      const replaced = bound.get(node.typeName.text) ?? this.#alias(node, node.typeName.text, bound)
      if (replaced !== undefined) return inContext(replaced, node)
    }
    const source = node.getSourceFile()
    let text = ''
    let at = node.getStart(source)
    ts.forEachChild(node, (child) => {
      text += source.text.slice(at, child.getStart(source)) + this.#text(child, bound)
      at = child.end
    })
    return oneLine(text + source.text.slice(at, node.end))
  }

  #alias(
    node: ts.TypeReferenceNode,
    name: string,
    bound: ReadonlyMap<string, string>,
  ): string | undefined {
    const alias = this.#find(node.getSourceFile(), name)
    if (!alias || this.#isKept(alias) || !isShort(alias.type)) return undefined
    const given = node.typeArguments?.map((argument) => this.#text(argument, bound)) ?? []
    const parameters = alias.typeParameters?.map(({ name }) => name.text) ?? []
    const values = parameters.map((parameter, at) => [parameter, given[at] ?? parameter] as const)
    return this.#text(alias.type, new Map(values))
  }

  #isKept(alias: ts.TypeAliasDeclaration): boolean {
    const { fileName } = alias.getSourceFile()
    return this.#kept.some(({ name, file }) => name === alias.name.text && file === fileName)
  }

  /** Looks in the file, and in the file that it imports the name from. */
  #find(source: ts.SourceFile, name: string): ts.TypeAliasDeclaration | undefined {
    for (const statement of source.statements) {
      if (ts.isTypeAliasDeclaration(statement) && statement.name.text === name) return statement
      if (ts.isImportDeclaration(statement) && importedNames(statement).includes(name)) {
        const from = ts.isStringLiteral(statement.moduleSpecifier)
          ? statement.moduleSpecifier.text
          : ''
        if (!from.startsWith('.')) return undefined
        const file = importedFile(source.fileName, from)
        return this.#find(this.#sources.get(file), name)
      }
    }
    return undefined
  }
}

function isShort(type: ts.TypeNode): boolean {
  return !ts.isConditionalTypeNode(type) && !ts.isMappedTypeNode(type)
}

function importedNames({ importClause }: ts.ImportDeclaration): string[] {
  const bindings = importClause?.namedBindings
  return bindings && ts.isNamedImports(bindings)
    ? bindings.elements.map((one) => one.name.text)
    : []
}

function inferred(initializer: ts.Expression | undefined): string {
  if (initializer && ts.isNumericLiteral(initializer)) return 'number'
  return initializer?.kind === ts.SyntaxKind.TrueKeyword ? 'boolean' : 'unknown'
}

/** A union or a function needs parentheses before `[]`, a function also in a union. */
function inContext(text: string, { parent }: ts.Node): string {
  const isList = ts.isArrayTypeNode(parent) && /[|&]|=>/.test(text)
  const isChoice = ts.isUnionTypeNode(parent) && /^\(.*\) => /.test(text)
  return isList || isChoice ? `(${text})` : text
}

function withoutParentheses(text: string): string {
  const inner = /^\((.*)\)$/.exec(text)?.[1]
  // `(a) => (b)` also begins and ends with parentheses.
  return inner !== undefined && isBalanced(inner) ? inner : text
}

function isBalanced(text: string): boolean {
  let depth = 0
  for (const character of text) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (depth < 0) return false
  }
  return depth === 0
}

function oneLine(text: string): string {
  return text
    .replace(/\/\*\*.*?\*\//gs, '')
    .replace(/\s+/g, ' ')
    .replace(/^\| /, '')
    .replace(/\(\s*\| /g, '(')
    .replace(/,? \)/g, ')')
}
