import type ts from 'typescript'
import { initializerOf, isNothing, nameOf, replaceNulls } from './literals.js'
import { editObject } from './object-edit.js'
import { OptionPlan } from './option-plan.js'
import type { Scopes } from './scopes.js'
import type { Source } from './source.js'

const SAME = [
  ...['key', 'store', 'ttl', 'prefix', 'cookie', 'rolling', 'defer'],
  ...['reconnectTimeout', 'beforeSave', 'valid', 'errorHandler', 'genSid', 'sessionIdStore'],
]

const ALLOW_EMPTY =
  'allowEmpty: an empty session is stored only if the request reads ctx.session, see docs/migration.md'

/** The default of koa-generic-session. */
const MAX_AGE = 'maxAge: 86_400_000'

/** Plans the options of koa-generic-session. */
export function planGenericSession(
  source: Source,
  object: ts.ObjectLiteralExpression | undefined,
  scopes: Scopes,
): OptionPlan {
  const plan = new OptionPlan(source, object)
  for (const [name, property] of plan.properties) {
    const value = initializerOf(source, property)
    if (isNothing(source, value)) plan.dropped.add(property)
    else if (name === 'allowEmpty') source.note(property, ALLOW_EMPTY)
    else if (SAME.includes(name)) replaceNulls(source, value)
    else plan.dropIgnored(property, 'koa-generic-session')
  }
  const cookie = plan.has('cookie') ? plan.properties.get('cookie') : undefined
  if (cookie) addMaxAge(source, cookie, scopes)
  else if (!plan.hasSpread) plan.addedToCookie.push(MAX_AGE)
  return plan
}

function addMaxAge(source: Source, cookie: ts.ObjectLiteralElementLike, scopes: Scopes): void {
  const { ts } = source
  const value = initializerOf(source, cookie)
  const object = value && scopes.valueOf(value)
  if (!object || !ts.isObjectLiteralExpression(object)) {
    source.note(cookie, `cookie: set ${MAX_AGE}, unless it is set: it was the default`)
    return
  }
  const names = object.properties.map((property) => nameOf(source, property))
  if (names.some((name) => name === undefined || /^(maxage|expires)$/i.test(name))) return
  editObject(source, object, { ...NOTHING, added: [MAX_AGE] })
}

const NOTHING = { dropped: new Set<never>(), moved: new Set<never>(), addedToCookie: [] }
