import type ts from 'typescript'
import type { Source } from './source.js'

type Property = ts.ObjectLiteralElementLike

/** What becomes of the properties of an object literal. */
export interface ObjectPlan {
  /** Properties to remove. */
  dropped: ReadonlySet<Property>
  /** Properties to move into a new property `cookie`, in their order. */
  moved: ReadonlySet<Property>
  /** New properties, in front of the others. */
  added: readonly string[]
  /** New properties of `cookie`. */
  addedToCookie: readonly string[]
}

/** Changes an object literal as planned. Where its comments cannot be kept, it gets a note instead. */
export function editObject(source: Source, object: ts.ObjectLiteralExpression, plan: ObjectPlan) {
  const { dropped, moved, added, addedToCookie } = plan
  if (dropped.size + moved.size + added.length + addedToCookie.length === 0) return
  if (object.properties.length === 0)
    source.replace(object, inline(entriesOf(source, object, plan)))
  else if (hasOwnLines(source, object)) editLines(source, object, plan)
  else editInline(source, object, plan)
}

function inline(entries: readonly string[]): string {
  return entries.length > 0 ? `{ ${entries.join(', ')} }` : '{}'
}

/** The new properties, each as text. */
function entriesOf(source: Source, object: ts.ObjectLiteralExpression, plan: ObjectPlan): string[] {
  const textOf = (property: Property) => source.take(property)
  const inCookie = [...[...plan.moved].map(textOf), ...plan.addedToCookie]
  const [firstMoved] = plan.moved
  const cookie = inCookie.length > 0 ? [`cookie: ${inline(inCookie)}`] : []
  const entries = object.properties.flatMap((property) => {
    if (property === firstMoved) return cookie
    return plan.dropped.has(property) || plan.moved.has(property) ? [] : [textOf(property)]
  })
  return [...plan.added, ...entries, ...(firstMoved ? [] : cookie)]
}

function editInline(source: Source, object: ts.ObjectLiteralExpression, plan: ObjectPlan): void {
  const { properties } = object
  const [start, end] = [properties.pos, properties.end]
  let gaps = source.text.slice(start, end)
  for (const property of properties) gaps = gaps.replace(source.textOf(property), '')
  if (/[^\s,]/.test(gaps)) {
    source.note(object, `a change would lose the comments here: ${byHand(source, plan)}`)
    return
  }
  const isLong = source.lineAt(object.getStart(source.tree)) !== source.lineAt(object.end)
  const margin = isLong ? `\n${indentAt(source, properties[0]?.getStart(source.tree) ?? end)}` : ' '
  const entries = entriesOf(source, object, plan).join(`,${margin}`)
  const isTight = source.text.slice(end, object.end - 1) === ''
  source.edits.replace(start, end, margin + entries + (isLong ? ',' : '') + (isTight ? ' ' : ''))
}

/** What a plan says, in words. */
function byHand(source: Source, { dropped, moved, added, addedToCookie }: ObjectPlan): string {
  const names = (properties: ReadonlySet<Property>) =>
    [...properties].map((property) => property.name?.getText(source.tree)).join(', ')
  const steps = [
    added.length > 0 ? `add ${added.join(', ')}` : '',
    dropped.size > 0 ? `remove ${names(dropped)}` : '',
    moved.size > 0 ? `move ${names(moved)} into cookie: { … }` : '',
    addedToCookie.length > 0 ? `add ${addedToCookie.join(', ')} to cookie: { … }` : '',
  ]
  return steps.filter(Boolean).join('; ')
}

/** Whether every property begins on a line of its own and has its comma on its last line. */
function hasOwnLines(source: Source, object: ts.ObjectLiteralExpression): boolean {
  const { properties } = object
  let line = source.lineAt(object.getStart(source.tree))
  for (const property of properties) {
    if (source.lineAt(property.getStart(source.tree)) <= line) return false
    line = source.lineAt(property.end)
    const isLast = property === properties.at(-1)
    if (!isLast && !/^[^\S\n]*,/.test(source.text.slice(property.end))) return false
  }
  return source.lineAt(object.end - 1) > line && source.lineAt(properties.end) === line
}

/** Moves whole lines, so that each property keeps its comments. */
function editLines(source: Source, object: ts.ObjectLiteralExpression, plan: ObjectPlan): void {
  const { properties } = object
  const [first] = properties
  const last = properties.at(-1)
  if (!first || !last) return
  if (!properties.hasTrailingComma) source.after(last, ',')
  const starts = source.tree.getLineStarts()
  const lineAfter = (position: number) => starts[source.lineAt(position) + 1] ?? source.text.length
  const indent = indentAt(source, first.getStart(source.tree))
  const outer = indentAt(source, object.getStart(source.tree))
  const unit = indent.startsWith(outer) && indent !== outer ? indent.slice(outer.length) : '  '
  const begin = lineAfter(object.getStart(source.tree))
  let at = begin
  const chunks = properties.map((property) => {
    const [start, end] = [at, lineAfter(property.end)]
    at = end
    return { property, text: source.edits.take(start, end) }
  })
  const inCookie = [
    ...chunks
      .filter(({ property }) => plan.moved.has(property))
      .map(({ text }) => text.replace(/^(?=[^\r\n])/gm, unit)),
    ...plan.addedToCookie.map((text) => `${indent}${unit}${text},\n`),
  ]
  const cookie = inCookie.length > 0 ? `${indent}cookie: {\n${inCookie.join('')}${indent}},\n` : ''
  const [firstMoved] = plan.moved
  const lines = chunks.map(({ property, text }) => {
    if (property === firstMoved) return cookie
    return plan.dropped.has(property) || plan.moved.has(property) ? '' : text
  })
  const added = plan.added.map((text) => `${indent}${text},\n`)
  const rest = firstMoved ? [] : [cookie]
  source.edits.replace(begin, at, [...added, ...lines, ...rest].join(''))
}

/** The white space before a line's text. */
function indentAt(source: Source, position: number): string {
  const start = source.tree.getLineStarts()[source.lineAt(position)] ?? 0
  return /^[^\S\n]*/.exec(source.text.slice(start))?.[0] ?? ''
}
