import type ts from 'typescript'
import { ATTRIBUTES } from './attributes.js'
import { awaits, operand } from './expressions.js'
import type { LaterUse } from './later-options.js'
import { constantOf, initializerOf, isNothing, numberOf, replaceNulls } from './literals.js'
import { OptionPlan } from './option-plan.js'
import { renameHook } from './rename-hook.js'
import type { Source } from './source.js'

type Property = ts.ObjectLiteralElementLike

const DAY = 86_400_000
/** For how long after a run cookies of koa-session are read at least, in ms: it is deployed later. */
const DEPLOY = 30 * DAY

const SAME = ['key', 'store', 'rolling', 'valid', 'beforeSave']

const BY_HAND: ReadonlyMap<string, string> = new Map([
  [
    'externalKey',
    'externalKey: write sessionIdStore, with get, set and reset, called with this = ctx',
  ],
  ['encode', 'encode: records are JSON here; for secrecy use the option encryption'],
  ['decode', 'decode: records are JSON here; for secrecy use the option encryption'],
])

/**
 * Plans the options of koa-session.
 * @param later What the file does with them later.
 * @param today In epoch ms.
 */
export function planKoaSession(
  source: Source,
  object: ts.ObjectLiteralExpression | undefined,
  later: LaterUse,
  today: number,
): OptionPlan {
  const plan = new OptionPlan(source, object)
  const isGiven = (name: string) => plan.has(name) || later.assigned.has(name)
  plan.inCookie = !['store', 'ContextStore'].some(isGiven) && !plan.hasSpread
  for (const [name, property] of plan.properties) planProperty(source, plan, name, property)
  if (!plan.hasSpread) addDefaults(source, plan, isGiven, today)
  const hasCookie = plan.moved.size + plan.addedToCookie.length > 0
  if (later.usesCookie && !hasCookie) plan.added.push('cookie: {}')
  return plan
}

function addDefaults(
  source: Source,
  plan: OptionPlan,
  isGiven: (name: string) => boolean,
  today: number,
): void {
  if (!['maxAge', 'maxage'].some(isGiven)) plan.addedToCookie.push('maxAge: 86_400_000')
  if (plan.inCookie) addCookieMode(source, plan, today)
  else addStoreMode(source, plan)
}

function planProperty(source: Source, plan: OptionPlan, name: string, property: Property): void {
  const value = initializerOf(source, property)
  const constant = constantOf(source, value)
  if (isNothing(source, value)) plan.dropped.add(property)
  else if (/^maxage$/i.test(name) && constant === 'session') {
    plan.dropped.add(property)
    source.note(
      property,
      "maxAge: 'session' is the default here. Set ttl: how long the store keeps a session",
    )
  } else if (ATTRIBUTES.includes(name)) {
    if (name !== 'maxAge') replaceNulls(source, value)
    plan.moved.add(property)
  } else if (name === 'renew') planRenew(source, plan, property, constant)
  else if (name === 'autoCommit') planAutoCommit(source, plan, property, constant)
  else if (name === 'genid') {
    if (plan.inCookie) plan.dropped.add(property)
    else renameHook(source, property, 'genSid')
  } else if (name === 'prefix') planPrefix(source, plan, property)
  else if (name === 'ContextStore' && value) {
    plan.adapters.push('fromContextStore')
    source.replace(property, `store: fromContextStore(${source.take(value)})`)
  } else if (SAME.includes(name)) {
    if (replaceNulls(source, value) && name === 'store')
      source.note(
        property,
        'store: without one the session is in memory here, and not in the cookie',
      )
  } else leaveOrDrop(source, plan, name, property)
}

function leaveOrDrop(source: Source, plan: OptionPlan, name: string, property: Property): void {
  const advice = BY_HAND.get(name)
  if (advice) source.note(property, advice)
  else plan.dropIgnored(property, 'koa-session')
}

function planRenew(
  source: Source,
  plan: OptionPlan,
  property: Property,
  constant: string | boolean | undefined,
): void {
  if (constant === false) plan.dropped.add(property)
  else if (constant === true) source.replace(property, 'renew: 0.5')
  else
    source.note(property, 'renew: write 0.5 where it was true, and leave it out where it was false')
}

function planAutoCommit(
  source: Source,
  plan: OptionPlan,
  property: Property,
  constant: string | boolean | undefined,
): void {
  if (constant === true) plan.dropped.add(property)
  else
    source.note(
      property,
      'autoCommit: set ctx.sessionSave = false in a request, and await ctx.saveSession() to save in it',
    )
}

/** koa-session puts the prefix into the id, and ignores it with `genid`. */
function planPrefix(source: Source, plan: OptionPlan, property: Property): void {
  const value = initializerOf(source, property)
  plan.dropped.add(property)
  if (plan.inCookie || !value || constantOf(source, value) === '' || plan.has('genid')) return
  const head = awaits(source, value) ? 'async () =>' : '() =>'
  plan.added.push(`genSid: ${head} ${operand(source, value)} + crypto.randomUUID()`)
}

function addStoreMode(source: Source, plan: OptionPlan): void {
  if (!plan.has('key')) plan.added.unshift(`key: ${source.quoted('koa.sess')}`)
  plan.added.push(`prefix: ${source.quoted('')}`)
}

function addCookieMode(source: Source, plan: OptionPlan, today: number): void {
  const property = plan.properties.get('maxAge') ?? plan.properties.get('maxage')
  const lifetime = numberOf(source, property && initializerOf(source, property)) ?? DAY
  const until = new Date(today + lifetime + DEPLOY).toISOString().slice(0, 10)
  plan.added.push(
    'keys: [process.env.SESSION_SECRET]',
    `plainUntil: new Date(${source.quoted(until)})`,
  )
}
