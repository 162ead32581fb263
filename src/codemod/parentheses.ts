import type ts from 'typescript'
import type { Source } from './source.js'

/**
 * What is around an object literal in the place of a node. At the beginning of a statement or of the body of an
 * arrow function it would be a block.
 */
export function aroundObject(source: Source, node: ts.Expression): [string, string] {
  return begunBy(source, node) ? parentheses(source, node) : ['', '']
}

/** What is around a comparison in the place of a node. */
export function aroundComparison(source: Source, node: ts.Expression): [string, string] {
  return holdsComparison(source, node) ? ['', ''] : parentheses(source, node)
}

/** A line that begins with a parenthesis continues the line before, unless that ends with a semicolon. */
function parentheses(source: Source, node: ts.Expression): [string, string] {
  const statement = begunBy(source, node)
  const before = statement && statementBefore(source, statement)
  return [before && !source.textOf(before).endsWith(';') ? ';(' : '(', ')']
}

/** The statement, or the body of an arrow function, that begins with a node. */
function begunBy({ ts, tree }: Source, node: ts.Node): ts.Node | undefined {
  const start = node.getStart(tree)
  for (let at = node; at.getStart(tree) === start; at = at.parent) {
    const isBody = ts.isArrowFunction(at.parent) && at.parent.body === at
    if (isBody || ts.isExpressionStatement(at)) return at
  }
  return undefined
}

/** Of what is no statement in a list, such as the body of an `if`, undefined. */
function statementBefore({ ts }: Source, node: ts.Node): ts.Statement | undefined {
  const { parent } = node
  const isList =
    ts.isSourceFile(parent) ||
    ts.isBlock(parent) ||
    ts.isModuleBlock(parent) ||
    ts.isCaseOrDefaultClause(parent)
  if (!isList) return undefined
  return parent.statements[parent.statements.findIndex(({ pos }) => pos === node.pos) - 1]
}

/** Whether a comparison stays whole in the place of a node without parentheses. */
function holdsComparison({ ts }: Source, node: ts.Expression): boolean {
  const { parent } = node
  const { SyntaxKind } = ts
  if (ts.isCallExpression(parent)) return parent.expression !== node
  if (ts.isBinaryExpression(parent)) {
    const { kind } = parent.operatorToken
    const isLogical =
      kind === SyntaxKind.AmpersandAmpersandToken ||
      kind === SyntaxKind.BarBarToken ||
      kind === SyntaxKind.QuestionQuestionToken
    return isLogical || kind === SyntaxKind.EqualsToken
  }
  return [
    ...[SyntaxKind.ExpressionStatement, SyntaxKind.IfStatement, SyntaxKind.WhileStatement],
    ...[SyntaxKind.DoStatement, SyntaxKind.ForStatement, SyntaxKind.ReturnStatement],
    ...[SyntaxKind.VariableDeclaration, SyntaxKind.PropertyAssignment, SyntaxKind.ArrowFunction],
    ...[SyntaxKind.ConditionalExpression, SyntaxKind.TemplateSpan, SyntaxKind.JsxExpression],
    ...[SyntaxKind.ArrayLiteralExpression, SyntaxKind.ParenthesizedExpression],
  ].includes(parent.kind)
}
