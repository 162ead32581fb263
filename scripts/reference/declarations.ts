import ts from 'typescript'
import { type DocComment, docCommentIn } from './doc-comment.js'
import type { Sources } from './sources.js'
import type { TypeText } from './types.js'

/** One public member of a declaration: an option, a method, an event, an error code. */
export interface Member {
  name: string
  /** Names it in messages: `SessionOptions.rolling`. */
  where: string
  /** `undefined`: a literal, such as an error code. */
  type: string | undefined
  /** What it can be set to, where that differs from `type`. */
  settable: string | undefined
  isOptional: boolean
  isMethod: boolean
  doc: DocComment | undefined
}

export interface Declaration {
  name: string
  doc: DocComment | undefined
  members: Member[]
}

/** Reads an exported declaration: an interface, a class, a function, a union or a list of literals. */
export function readDeclaration(
  sources: Sources,
  { file, name }: { file: string; name: string },
  types: TypeText,
): Declaration {
  const source = sources.get(file)
  const found = source.statements.filter((statement) => declaredNames(statement).includes(name))
  const [first] = found
  if (!first) throw new Error(`${file} declares no ${name}`)
  const doc = docCommentIn(source.text.slice(first.getFullStart(), first.getStart()))
  const reader = new Reader(types, name)
  return { name, doc, members: reader.members(found, doc) }
}

function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText())
  const isNamed =
    ts.isInterfaceDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isFunctionDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement)
  return isNamed && statement.name ? [statement.name.text] : []
}

class Reader {
  constructor(
    readonly types: TypeText,
    readonly owner: string,
  ) {}

  members(statements: ts.Statement[], doc: DocComment | undefined): Member[] {
    const [first] = statements
    if (!first) return []
    if (ts.isInterfaceDeclaration(first) || ts.isClassDeclaration(first))
      return this.#membersOf(first)
    if (ts.isFunctionDeclaration(first)) return [this.#function(statements, doc)]
    if (ts.isTypeAliasDeclaration(first)) return this.#alias(first.type)
    return ts.isVariableStatement(first) ? this.#list(first) : []
  }

  /** A union of literals, or an object type. */
  #alias(type: ts.TypeNode): Member[] {
    const isSeveral = ts.isUnionTypeNode(type) || ts.isIntersectionTypeNode(type)
    const parts: ts.TypeNode[] = isSeveral ? [...type.types] : [type]
    const objects = parts.filter(ts.isTypeLiteralNode)
    return objects.length > 0
      ? objects.flatMap((object) => this.#membersOf(object))
      : this.#literals(type, parts)
  }

  #membersOf(owner: ts.InterfaceDeclaration | ts.ClassDeclaration | ts.TypeLiteralNode): Member[] {
    const elements: (ts.TypeElement | ts.ClassElement)[] = [...owner.members]
    const setters = elements.filter(ts.isSetAccessor)
    return elements.filter(isPublic).flatMap((element) => {
      const setter = setters.find((other) => nameOf(other) === nameOf(element))
      return this.#member(element, setter) ?? []
    })
  }

  #member(element: ts.Node, setter: ts.SetAccessorDeclaration | undefined): Member | undefined {
    if (ts.isConstructorDeclaration(element))
      return {
        ...this.#blank(element, 'new'),
        name: `new ${this.owner}`,
        type: this.types.signature(element, this.owner),
        isMethod: true,
      }
    if (ts.isMethodSignature(element) || ts.isMethodDeclaration(element)) {
      const type = this.types.signature(element)
      const isOptional = element.questionToken !== undefined
      return { ...this.#blank(element, nameOf(element)), type, isOptional, isMethod: true }
    }
    if (ts.isGetAccessor(element)) {
      const type = element.type && this.types.of(element.type)
      const given = setter?.parameters[0]?.type
      const settable = given && this.types.of(given)
      const blank = this.#blank(element, nameOf(element))
      return { ...blank, type, settable: settable === type ? undefined : settable }
    }
    if (ts.isPropertySignature(element) || ts.isPropertyDeclaration(element)) {
      const value = ts.isPropertyDeclaration(element) ? element.initializer : undefined
      const isMethod = value !== undefined && ts.isArrowFunction(value)
      const declared = element.type && this.types.of(element.type)
      const type = isMethod ? this.types.signature(value) : declared
      const isOptional = element.questionToken !== undefined
      return { ...this.#blank(element, nameOf(element)), type, isOptional, isMethod }
    }
    return undefined
  }

  /** Of overloads, the doc comment of the first and the signature of the last that has no body. */
  #function(statements: ts.Statement[], doc: DocComment | undefined): Member {
    const declared = statements.filter(ts.isFunctionDeclaration)
    const shown = declared.filter(({ body }) => !body).at(-1) ?? declared[0]
    const type = shown && this.types.signature(shown)
    return {
      name: this.owner,
      where: this.owner,
      type,
      settable: undefined,
      isOptional: false,
      isMethod: true,
      doc,
    }
  }

  #list(statement: ts.VariableStatement): Member[] {
    const [declaration] = statement.declarationList.declarations
    const value = declaration?.initializer
    const list = value && ts.isAsExpression(value) ? value.expression : value
    return list && ts.isArrayLiteralExpression(list) ? this.#literals(list, list.elements) : []
  }

  /** The comment of a literal is before the `|` in front of it. */
  #literals(list: ts.Node, literals: readonly ts.Node[]): Member[] {
    const { text } = list.getSourceFile()
    let at = ts.isArrayLiteralExpression(list) ? list.getStart() : list.getFullStart()
    return literals.flatMap((node) => {
      const literal = ts.isLiteralTypeNode(node) ? node.literal : node
      if (!ts.isStringLiteral(literal)) return []
      const doc = docCommentIn(text.slice(at, literal.getStart()))
      at = literal.end
      return { ...this.#blank(literal, literal.text), doc }
    })
  }

  #blank(node: ts.Node, name: string): Member {
    const { text } = node.getSourceFile()
    return {
      name,
      where: `${this.owner}.${name}`,
      type: undefined,
      settable: undefined,
      isOptional: false,
      isMethod: false,
      doc: docCommentIn(text.slice(node.getFullStart(), node.getStart())),
    }
  }
}

function nameOf(element: ts.ClassElement | ts.TypeElement): string {
  return element.name?.getText() ?? ''
}

const HIDDEN = [
  ts.SyntaxKind.PrivateKeyword,
  ts.SyntaxKind.ProtectedKeyword,
  ts.SyntaxKind.StaticKeyword,
]

/** Not the private members, those with a computed name, and setters, which belong to their getter. */
function isPublic(element: ts.ClassElement | ts.TypeElement): boolean {
  const { name } = element
  const isNamed = name === undefined || ts.isIdentifier(name)
  const modifiers = ts.canHaveModifiers(element) ? (ts.getModifiers(element) ?? []) : []
  const isHidden = modifiers.some(({ kind }) => HIDDEN.includes(kind))
  return isNamed && !isHidden && !ts.isSetAccessor(element)
}
