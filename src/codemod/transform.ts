import type ts from 'typescript'
import { planGenericSession } from './generic-session-options.js'
import { noteHabits } from './habits.js'
import { planKoaSession } from './koa-session-options.js'
import { rewriteLater } from './later-options.js'
import { editObject } from './object-edit.js'
import { type OptionPlan, optionsText } from './option-plan.js'
import { findCalls, findImports } from './package-imports.js'
import { mentions, type PackageName } from './packages.js'
import { rewriteImport } from './rewrite-imports.js'
import { Scopes } from './scopes.js'
import { noteSessionHabits } from './session-habits.js'
import { rewriteMembers } from './session-members.js'
import { type Note, type Parser, Source } from './source.js'

export interface Change {
  text: string
  /** Places to look at. */
  notes: readonly Note[]
}

export interface Task {
  parser: Parser
  name: PackageName
  /** In epoch ms. */
  today: number
}

const TYPES: Record<PackageName, ReadonlyMap<string, string>> = {
  'koa-session': new Map([
    ['opts', 'SessionOptions'],
    ['CreateSessionOptions', 'SessionOptions'],
    ['SessionOptions', 'SessionOptions'],
    ['Session', 'Session'],
    ['stores', 'LegacyStore'],
  ]),
  'koa-generic-session': new Map([
    ['SessionOptions', 'SessionOptions'],
    ['SessionIdStore', 'SessionIdStore'],
    ['SessionStore', 'LegacyStore'],
    ['Session', 'Session'],
    ['MemoryStore', 'MemoryStore'],
  ]),
}

/** Rewrites a file that belongs to an application of the old package. */
export function transform({ parser, name, today }: Task, path: string, text: string): Change {
  const source = new Source(parser, path, text)
  const { syntaxError } = source
  if (syntaxError) return { text, notes: [syntaxError] }
  const scopes = new Scopes(source)
  if (name === 'koa-session') rewriteMembers(source, scopes)
  noteHabits(source, name)
  noteSessionHabits(source, scopes, name)
  if (mentions(text, name)) rewriteUse(source, scopes, name, today)
  const notes = source.notes.toSorted((a, b) => a.line - b.line)
  const changed = source.edits.apply()
  return { text: text.includes('\r\n') ? changed.replace(/\r?\n/g, '\r\n') : changed, notes }
}

function rewriteUse(source: Source, scopes: Scopes, name: PackageName, today: number): void {
  const imports = findImports(source, name)
  const calls = findCalls(source, scopes, imports).map((call) => optionsOf(source, scopes, call))
  const plans = new Map<ts.Node, OptionPlan>()
  for (const { options, object, call } of calls) {
    if (options && !object) {
      source.note(
        options,
        'the options are not written out in this file: change them by hand, see docs/migration.md',
      )
      continue
    }
    const known = plans.get(object ?? call)
    if (known) continue
    const plan =
      name === 'koa-session'
        ? planKoaSession(source, object, rewriteLater(source, scopes, options, object), today)
        : planGenericSession(source, object, scopes)
    plans.set(object ?? call, plan)
    if (object) editObject(source, object, plan)
    else source.edits.replace(call.arguments.pos, call.arguments.end, optionsText(plan))
  }
  const all = [...plans.values()]
  const inCookie =
    all.length === calls.length && all.length > 0 && all.every((plan) => plan.inCookie)
  for (const { call, object } of calls) {
    if (!plans.get(object ?? call)?.inCookie) continue
    source.note(
      call,
      inCookie
        ? 'this session is in the cookie: set SESSION_SECRET to 32 random bytes in hex, see docs/cookie-only.md'
        : 'this session is in the cookie: use cookieSession of koa-sess/cookie here',
    )
  }
  const adapters = [...new Set(all.flatMap((plan) => plan.adapters))]
  for (const found of imports)
    rewriteImport(source, found, { inCookie, adapters, types: TYPES[name] })
}

interface Call {
  call: ts.CallExpression
  /** The argument with the options; undefined: there is none. */
  options: ts.Expression | undefined
  /** The object literal that it is. */
  object: ts.ObjectLiteralExpression | undefined
}

/** Finds the options of a call, and removes the argument `app`. koa-generic-session ignores it. */
function optionsOf(source: Source, scopes: Scopes, call: ts.CallExpression): Call {
  const { ts } = source
  const [first, second] = call.arguments
  const options = withoutApp(source, scopes, call, first, second)
  const value = options && scopes.valueOf(options)
  const object = value && ts.isObjectLiteralExpression(value) ? value : undefined
  return { call, options, object }
}

/** koa-session takes `(options, app)`, `(app, options)` and `(app)`. */
function withoutApp(
  source: Source,
  scopes: Scopes,
  call: ts.CallExpression,
  first: ts.Expression | undefined,
  second: ts.Expression | undefined,
): ts.Expression | undefined {
  if (!first) return undefined
  if (!isApp(source, scopes, first)) {
    if (second) source.edits.replace(first.end, call.arguments.end, '')
    return first
  }
  if (!second) return undefined
  source.edits.replace(first.getStart(source.tree), second.getStart(source.tree), '')
  return second
}

function isApp({ ts }: Source, scopes: Scopes, node: ts.Expression): boolean {
  const value = scopes.valueOf(node)
  if (ts.isNewExpression(value)) return true
  const name = ts.isPropertyAccessExpression(value) ? value.name : value
  return ts.isIdentifier(name) && /^(app|application|koa|server)$/i.test(name.text)
}
