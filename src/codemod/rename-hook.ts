import type ts from 'typescript'
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
  const [open, close] = isFunction ? ['(', ')'] : ['', '']
  const start = property.getStart(source.tree)
  source.edits.replace(start, initializer.getStart(source.tree), `${name}() { return ${open}`)
  source.after(initializer, `${close}(this) }`)
}

function renameMethod(source: Source, method: ts.MethodDeclaration, name: string): void {
  const [parameter] = method.parameters
  source.replace(method.name, name)
  if (!parameter || !method.body) return
  source.edits.replace(method.parameters.pos, method.parameters.end, '')
  const start = method.body.getStart(source.tree) + 1
  source.edits.insert(start, ` const ${parameter.name.getText(source.tree)} = this;`)
}
