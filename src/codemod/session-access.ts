import type ts from 'typescript'
import type { Scopes } from './scopes.js'
import type { Source } from './source.js'

/** `ctx.session`, or a constant that was set to it. */
export function isSession(source: Source, scopes: Scopes, node: ts.Expression): boolean {
  const { ts } = source
  const bare = source.bare(node)
  if (isContextMember(source, bare, 'session')) return true
  if (!ts.isIdentifier(bare)) return false
  const declaration = scopes.find(bare)
  if (!declaration) return false
  if (ts.isVariableDeclaration(declaration))
    return declaration.initializer
      ? isContextMember(source, source.bare(declaration.initializer), 'session')
      : false
  return ts.isBindingElement(declaration) && isBoundToSession(source, declaration)
}

/** `const { session } = ctx`, or `({ session }) =>` of a handler. */
function isBoundToSession(source: Source, element: ts.BindingElement): boolean {
  const { ts } = source
  const name = element.propertyName ?? element.name
  if (!ts.isIdentifier(name) || name.text !== 'session') return false
  const variable = element.parent.parent
  return (
    ts.isVariableDeclaration(variable) &&
    variable.initializer !== undefined &&
    isContext(source, variable.initializer)
  )
}

/** `ctx.name`. */
export function isContextMember(source: Source, node: ts.Expression, name: string): boolean {
  const bare = source.bare(node)
  return (
    source.ts.isPropertyAccessExpression(bare) &&
    bare.name.text === name &&
    isContext(source, bare.expression)
  )
}

function isContext(source: Source, node: ts.Expression): boolean {
  const { ts } = source
  const bare = source.bare(node)
  const name = ts.isPropertyAccessExpression(bare) ? bare.name : bare
  return ts.isIdentifier(name) && /^(ctx|context|c)$/i.test(name.text)
}
