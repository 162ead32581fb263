import type ts from 'typescript'
import { awaits, operand, usesThis } from './expressions.js'
import type { Source } from './source.js'

/** Renames a hook that was called with the context, and is called with `this` as the context here. */
export function renameHook(
  source: Source,
  property: ts.ObjectLiteralElementLike,
  name: string,
): void {
  const { ts } = source
  if (ts.isMethodDeclaration(property)) renameMethod(source, property, name)
  else if (ts.isShorthandPropertyAssignment(property))
    source.replace(property, `${name}() { return ${property.name.text}(this) }`)
  else if (ts.isPropertyAssignment(property)) renameProperty(source, property, name)
}

function renameProperty(source: Source, property: ts.PropertyAssignment, name: string): void {
  const { ts } = source
  const { initializer } = property
  const isFunction = ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer)
  if (isFunction && initializer.parameters.length === 0) {
    source.replace(property.name, name)
    return
  }
  source.replace(property, callOf(source, initializer, name))
}

/** The hook as a function that calls an expression. In an arrow function, `this` stays what it is around it. */
function callOf(source: Source, initializer: ts.Expression, name: string): string {
  const isAsync = awaits(source, initializer)
  const callee = operand(source, initializer)
  if (usesThis(source, initializer))
    return `${name}: ${isAsync ? 'async ' : ''}(_length, ctx) => ${callee}(ctx)`
  return `${isAsync ? 'async ' : ''}${name}() { return ${callee}(this) }`
}

function renameMethod(source: Source, method: ts.MethodDeclaration, name: string): void {
  const [parameter] = method.parameters
  source.replace(method.name, name)
  if (!parameter || !method.body) return
  source.edits.replace(method.parameters.pos, method.parameters.end, '')
  const start = method.body.getStart(source.tree) + 1
  source.edits.insert(start, ` const ${parameter.name.getText(source.tree)} = this;`)
}
