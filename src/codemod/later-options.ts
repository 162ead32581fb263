import type ts from 'typescript'
import { ATTRIBUTES } from './attributes.js'
import type { Scopes } from './scopes.js'
import type { Source } from './source.js'

/** What a file does with options after it made them. */
export interface LaterUse {
  /** Names of options that are assigned. */
  assigned: ReadonlySet<string>
  /** Whether it names an attribute of the cookie. */
  usesCookie: boolean
}

/** Options of koa-session that are the same here. */
const UNCHANGED = ['key', 'store', 'rolling', 'valid', 'beforeSave']

/** Follows options in a variable: rewrites `CONFIG.maxAge`. */
export function rewriteLater(
  source: Source,
  scopes: Scopes,
  options: ts.Expression | undefined,
  object: ts.ObjectLiteralExpression | undefined,
): LaterUse {
  const { ts } = source
  const names = new Set<string>()
  const assigned = new Set<string>()
  const bare = options && source.bare(options)
  if (!object || !bare || !ts.isIdentifier(bare)) return { assigned, usesCookie: false }
  const declaration = scopes.find(bare)
  source.visit((node) => {
    if (!ts.isPropertyAccessExpression(node) || !ts.isIdentifier(node.expression)) return
    if (scopes.find(node.expression) !== declaration) return
    const { name } = node
    names.add(name.text)
    if (isAssigned(source, node)) assigned.add(name.text)
    if (ATTRIBUTES.includes(name.text)) source.before(name, 'cookie.')
    else if (!UNCHANGED.includes(name.text))
      source.note(node, `${source.textOf(node)}: this option has another name or value here`)
  })
  return { assigned, usesCookie: ATTRIBUTES.some((name) => names.has(name)) }
}

function isAssigned({ ts }: Source, node: ts.Expression): boolean {
  const { parent } = node
  return (
    ts.isBinaryExpression(parent) &&
    parent.left === node &&
    parent.operatorToken.kind === ts.SyntaxKind.EqualsToken
  )
}
