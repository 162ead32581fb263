import type ts from 'typescript'
import { isNothing, nameOf } from './literals.js'
import type { PackageName } from './packages.js'
import type { Scopes } from './scopes.js'
import { isSession } from './session-access.js'
import type { Source } from './source.js'

/** Notes what handlers do with a session that means something else here. */
export function noteSessionHabits(source: Source, scopes: Scopes, name: PackageName): void {
  const { ts } = source
  source.visit((node) => {
    if (ts.isCallExpression(node) && name === 'koa-generic-session')
      noteStringify(source, scopes, node)
    if (!ts.isBinaryExpression(node)) return
    noteComparison(source, scopes, node)
    if (node.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return
    noteCookie(source, scopes, node.left, COOKIE[name])
    noteCookieInSession(source, scopes, node)
  })
}

/** What an assignment to `ctx.session.cookie` means here. */
const COOKIE: Record<PackageName, string> = {
  'koa-session': 'it is the cookie of the session here, keep data under another key',
  'koa-generic-session': 'an attribute that is left out is that of the options here',
}

/** After `ctx.session = null`, the session is a new, empty one. */
function noteComparison(source: Source, scopes: Scopes, node: ts.BinaryExpression): void {
  const operator = source.textOf(node.operatorToken)
  if (!/^[!=]==?$/.test(operator)) return
  const sides = isNothing(source, node.left) ? [node.right, node.left] : [node.left, node.right]
  const [session, nothing] = sides
  if (!session || !isNothing(source, nothing) || !isSession(source, scopes, session)) return
  const result = operator.startsWith('!') ? 'true' : 'false'
  const message = `always ${result} here, test for a key such as ctx.session.user`
  source.note(node, `${source.textOf(node)}: ${message}`)
}

/** `JSON.stringify(ctx.session)`. */
function noteStringify(source: Source, scopes: Scopes, node: ts.CallExpression): void {
  const [first] = node.arguments
  if (source.textOf(node.expression) !== 'JSON.stringify' || !first) return
  if (isSession(source, scopes, first))
    source.note(node, `${source.textOf(node)}: the cookie is not in it here`)
}

/** `ctx.session.cookie = …`. */
function noteCookie(source: Source, scopes: Scopes, left: ts.Expression, message: string): void {
  if (!source.ts.isPropertyAccessExpression(left) || left.name.text !== 'cookie') return
  if (isSession(source, scopes, left.expression))
    source.note(left, `${source.textOf(left)}: ${message}`)
}

/** `ctx.session = { cookie: … }`. */
function noteCookieInSession(
  source: Source,
  scopes: Scopes,
  { left, right }: ts.BinaryExpression,
): void {
  const value = source.bare(right)
  if (!source.ts.isObjectLiteralExpression(value) || !isSession(source, scopes, left)) return
  if (value.properties.some((property) => nameOf(source, property) === 'cookie'))
    source.note(left, 'a session with a key cookie is refused here: set ctx.session.cookie')
}
