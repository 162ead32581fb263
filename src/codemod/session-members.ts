import type ts from 'typescript'
import { aroundComparison, aroundObject } from './parentheses.js'
import type { Scopes } from './scopes.js'
import { isContextMember, isSession } from './session-access.js'
import type { Source } from './source.js'

/** How koa-session's members of a session are written here. */
export function rewriteMembers(source: Source, scopes: Scopes): void {
  const { ts } = source
  source.visit((node) => {
    if (!ts.isPropertyAccessExpression(node)) return
    const { expression, name } = node
    const rewrite = Object.hasOwn(MEMBERS, name.text) ? MEMBERS[name.text] : undefined
    if (isContextMember(source, expression, 'sessionOptions')) rewriteOptions(source, node)
    else if (rewrite && isSession(source, scopes, expression)) rewrite(source, node)
    else if (rewrite && isPerhapsSession(source, scopes, expression, name.text))
      source.note(node, `${source.textOf(node)}: not changed, as this may be no session of Koa`)
  })
}

/** Whether something is called a session, and is used as one or is a parameter of its own. */
function isPerhapsSession(
  source: Source,
  scopes: Scopes,
  node: ts.Expression,
  member: string,
): boolean {
  const { ts } = source
  const name = ts.isPropertyAccessExpression(node) ? node.name : node
  if (!ts.isIdentifier(name) || !/^sess(ion)?$/i.test(name.text)) return false
  const declaration = ts.isIdentifier(node) ? scopes.find(node) : undefined
  const isDestructured = declaration !== undefined && ts.isBindingElement(declaration)
  return isDestructured || ONLY_THERE.includes(member)
}

type Rewrite = (source: Source, access: ts.PropertyAccessExpression) => void

const ONLY_THERE = ['manuallyCommit', 'populated', 'externalKey']

const MEMBERS: Partial<Record<string, Rewrite>> = {
  manuallyCommit: (source, { name }) => source.replace(name, 'save'),
  regenerate: keepData,
  populated: (source, access) => countKeys(source, access, ' > 0'),
  length: (source, access) => countKeys(source, access, ''),
  toJSON: copyData,
  maxAge: cookieMaxAge,
  externalKey: (source, access) => {
    const { expression } = access
    const isOwn = source.ts.isPropertyAccessExpression(expression) && !access.questionDotToken
    if (isOwn) source.edits.replace(expression.name.getStart(source.tree), access.end, 'sessionId')
    else source.note(access, 'externalKey: write ctx.sessionId')
  },
  commit: (source, access) => source.note(access, 'commit: write await ctx.saveSession()'),
  inspect: (source, access) => source.note(access, 'inspect: write { ...ctx.session }'),
}

/** koa-session's `regenerate` keeps the data. */
function keepData(source: Source, access: ts.PropertyAccessExpression): void {
  const { ts } = source
  const call = access.parent
  if (!ts.isCallExpression(call) || call.expression !== access) return
  const [first] = call.arguments
  if (first && ts.isObjectLiteralExpression(source.bare(first))) return
  const keep = `{ keep: Object.keys(${source.textOf(access.expression)}) }`
  source.edits.insert(call.arguments.pos, first ? `${keep}, ` : keep)
}

function countKeys(source: Source, access: ts.PropertyAccessExpression, rest: string): void {
  const [open, close] = rest ? aroundComparison(source, access) : ['', '']
  source.before(access, `${open}Object.keys(`)
  const fallback = source.ts.isOptionalChain(access) ? ' ?? {}' : ''
  source.edits.replace(access.expression.end, access.end, `${fallback}).length${rest}${close}`)
}

function copyData(source: Source, access: ts.PropertyAccessExpression): void {
  const { ts } = source
  const call = access.parent
  if (!ts.isCallExpression(call) || call.expression !== access) {
    source.note(access, `${source.textOf(access)}: write () => ({ ...ctx.session })`)
    return
  }
  const [open, close] = aroundObject(source, call)
  source.before(call, `${open}{ ...`)
  source.edits.replace(access.expression.end, call.end, ` }${close}`)
}

function cookieMaxAge(source: Source, access: ts.PropertyAccessExpression): void {
  const { ts } = source
  source.before(access.name, 'cookie.')
  const { parent } = access
  const isSet = ts.isBinaryExpression(parent) && parent.left === access
  if (isSet && ts.isStringLiteral(parent.right) && parent.right.text === 'session')
    source.replace(parent.right, 'null')
}

function rewriteOptions(source: Source, access: ts.PropertyAccessExpression): void {
  const { expression } = access
  if (access.name.text !== 'maxAge' || !source.ts.isPropertyAccessExpression(expression)) {
    source.note(access, `${source.textOf(access)}: see ctx.session.cookie`)
    return
  }
  source.replace(expression.name, 'session.cookie')
  const { parent } = access
  const isSet = source.ts.isBinaryExpression(parent) && parent.left === access
  if (isSet && source.ts.isStringLiteral(parent.right)) source.replace(parent.right, 'null')
}
