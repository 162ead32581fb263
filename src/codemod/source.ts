import type ts from 'typescript'
import { Edits } from './edits.js'

/** The compiler of TypeScript, of which the parser is used. The application provides it. */
export type Parser = typeof ts

/** A place to look at: what was not changed, or removed, and why. */
export interface Note {
  /** From 1, in the original text. */
  line: number
  message: string
}

/** A file that is being changed. */
export class Source {
  readonly ts: Parser
  readonly text: string
  readonly tree: ts.SourceFile
  readonly edits: Edits
  readonly notes: Note[] = []

  constructor(parser: Parser, path: string, text: string) {
    this.ts = parser
    this.text = text
    this.tree = parser.createSourceFile(path, text, parser.ScriptTarget.Latest, true)
    this.edits = new Edits(text)
  }

  /** The first syntax error, as a note. */
  get syntaxError(): Note | undefined {
    // The parser keeps its errors here. Its public interface reports them after a whole compilation.
    const errors: unknown = Reflect.get(this.tree, 'parseDiagnostics')
    const [first]: ts.Diagnostic[] = Array.isArray(errors) ? errors : []
    if (!first) return undefined
    const reason = this.ts.flattenDiagnosticMessageText(first.messageText, ' ')
    return { line: this.lineAt(first.start ?? 0) + 1, message: `a syntax error: ${reason}` }
  }

  textOf(node: ts.Node): string {
    return this.text.slice(node.getStart(this.tree), node.end)
  }

  /** The changed text of a node, to put elsewhere. */
  take(node: ts.Node): string {
    return this.edits.take(node.getStart(this.tree), node.end)
  }

  /** A text as a literal, in the quotes that the file uses most. */
  quoted(text: string): string {
    const isDouble = this.text.split('"').length > this.text.split("'").length
    return isDouble ? `"${text}"` : `'${text}'`
  }

  /** From 0. */
  lineAt(position: number): number {
    return this.tree.getLineAndCharacterOfPosition(position).line
  }

  note(node: ts.Node, message: string): void {
    this.notes.push({ line: this.lineAt(node.getStart(this.tree)) + 1, message })
  }

  replace(node: ts.Node, text: string): void {
    this.edits.replace(node.getStart(this.tree), node.end, text)
  }

  before(node: ts.Node, text: string): void {
    this.edits.insert(node.getStart(this.tree), text)
  }

  after(node: ts.Node, text: string): void {
    this.edits.insert(node.end, text)
  }

  /** Calls `act` with every node, the outer ones first. */
  visit(act: (node: ts.Node) => void): void {
    const walk = (node: ts.Node): void => {
      act(node)
      this.ts.forEachChild(node, walk)
    }
    walk(this.tree)
  }

  /** An expression without parentheses, `as`, `satisfies` and `!` around it. */
  bare(node: ts.Expression): ts.Expression {
    const { ts } = this
    const isWrapped =
      ts.isParenthesizedExpression(node) ||
      ts.isAsExpression(node) ||
      ts.isSatisfiesExpression(node) ||
      ts.isNonNullExpression(node)
    return isWrapped ? this.bare(node.expression) : node
  }
}
