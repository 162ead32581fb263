import type ts from 'typescript'
import type { Source } from './source.js'

/** The value of a property: of `{ name }` the name itself; undefined for methods and spreads. */
export function initializerOf(
  { ts }: Source,
  property: ts.ObjectLiteralElementLike,
): ts.Expression | undefined {
  if (ts.isPropertyAssignment(property)) return property.initializer
  return ts.isShorthandPropertyAssignment(property) ? property.name : undefined
}

/** The name of a property; undefined: it is computed, or a spread. */
export function nameOf({ ts }: Source, { name }: ts.ObjectLiteralElementLike): string | undefined {
  return name && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? name.text : undefined
}

/** Whether an expression is `null` or `undefined`, so that the option is not given. */
export function isNothing({ ts }: Source, node: ts.Expression | undefined): boolean {
  if (!node) return false
  const isUndefined = ts.isIdentifier(node) && node.text === 'undefined'
  return isUndefined || node.kind === ts.SyntaxKind.NullKeyword
}

/**
 * Writes `undefined` for `null` in `… ? store : null`, `… || null` and `… ?? null`: `null` is refused here.
 * @returns whether there was one.
 */
export function replaceNulls(source: Source, node: ts.Expression | undefined): boolean {
  const { ts } = source
  if (!node) return false
  const bare = source.bare(node)
  const branches = ts.isConditionalExpression(bare)
    ? [bare.whenTrue, bare.whenFalse]
    : ts.isBinaryExpression(bare) && isFallback(source, bare.operatorToken)
      ? [bare.right]
      : []
  const nulls = branches.filter(({ kind }) => kind === ts.SyntaxKind.NullKeyword)
  for (const each of nulls) source.replace(each, 'undefined')
  return nulls.length > 0
}

function isFallback({ ts }: Source, { kind }: ts.BinaryOperatorToken): boolean {
  return kind === ts.SyntaxKind.BarBarToken || kind === ts.SyntaxKind.QuestionQuestionToken
}

/** The value of `true`, `false` or a text; undefined for any other expression. */
export function constantOf(
  { ts }: Source,
  node: ts.Expression | undefined,
): string | boolean | undefined {
  if (node?.kind === ts.SyntaxKind.TrueKeyword) return true
  if (node?.kind === ts.SyntaxKind.FalseKeyword) return false
  return node && ts.isStringLiteralLike(node) ? node.text : undefined
}

/** The value of a number or a product of numbers, such as `24 * 60 * 60 * 1000`. */
export function numberOf(source: Source, node: ts.Expression | undefined): number | undefined {
  const { ts } = source
  if (!node) return undefined
  const bare = source.bare(node)
  if (ts.isNumericLiteral(bare)) return Number(bare.text)
  if (!ts.isBinaryExpression(bare) || bare.operatorToken.kind !== ts.SyntaxKind.AsteriskToken)
    return undefined
  const [left, right] = [numberOf(source, bare.left), numberOf(source, bare.right)]
  return left === undefined || right === undefined ? undefined : left * right
}
