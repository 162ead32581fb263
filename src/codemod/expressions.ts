import type ts from 'typescript'
import type { Source } from './source.js'

/** The text of an expression for a place next to an operator: with parentheses where it has parts. */
export function operand(source: Source, node: ts.Expression): string {
  const text = source.take(node)
  return isWhole(source, node) ? text : `(${text})`
}

/** A literal, a name, a member of something, or what is in parentheses already. */
function isWhole({ ts }: Source, node: ts.Expression): boolean {
  if (ts.isLiteralExpression(node) || ts.isTemplateExpression(node)) return true
  if (ts.isIdentifier(node) || ts.isParenthesizedExpression(node)) return true
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)
}

/** Whether an expression awaits: only an async function can hold it. */
export function awaits(source: Source, node: ts.Node): boolean {
  const { ts } = source
  if (ts.isFunctionLike(node)) return false
  return ts.isAwaitExpression(node) || someChild(source, node, awaits)
}

/** Whether an expression uses the `this` around it: only an arrow function can hold it. */
export function usesThis(source: Source, node: ts.Node): boolean {
  const { ts } = source
  if (ts.isFunctionLike(node) && !ts.isArrowFunction(node)) return false
  return node.kind === ts.SyntaxKind.ThisKeyword || someChild(source, node, usesThis)
}

function someChild(
  source: Source,
  node: ts.Node,
  holds: (source: Source, child: ts.Node) => boolean,
): boolean {
  // It ends with the first child for which it gets something that is not undefined.
  return source.ts.forEachChild(node, (child) => holds(source, child) || undefined) ?? false
}
