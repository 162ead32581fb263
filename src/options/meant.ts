import { isAttribute, SPELLINGS } from '../cookie/attributes.js'
import { nearestName } from '../util/nearest-name.js'

/** Options of koa-session, express-session, iron-session and others, and what does the same here. */
const ELSEWHERE: Record<string, string> = {
  genid: 'genSid, which is called with this = ctx',
  genId: 'genSid, which is called with this = ctx',
  encode: 'the option encryption, or koa-sess/cookie for sessions in the cookie: records are JSON',
  decode: 'the option encryption, or koa-sess/cookie for sessions in the cookie: records are JSON',
  externalKey: 'sessionIdStore, with get(), set(sid) and reset(), each called with this = ctx',
  ContextStore: 'store: fromContextStore(ContextStore) of koa-sess/adapters',
  autoCommit: 'ctx.sessionSave = false in a request, and ctx.saveSession() to save in it',
  secret: 'app.keys = [secret, …], which Koa signs all cookies with',
  secrets: 'app.keys, which Koa signs all cookies with',
  keys: 'app.keys, which Koa signs all cookies with; the keys of koa-sess/cookie are another function',
  password: 'the option encryption, or the keys of koa-sess/cookie for sessions in the cookie',
  name: 'key, the name of the cookie',
  cookieName: 'key, the name of the cookie',
  cookieOptions: 'cookie',
  keyPrefix: 'prefix',
  redis: 'store: new RedisStore({ client }) of koa-sess/redis',
  resave: 'nothing: a session is written if it changed, or with rolling',
  saveUninitialized: 'allowEmpty',
  proxy: 'app.proxy = true, which is a setting of Koa',
  unset: 'ctx.session = null, which ends the session',
  reconnectTimeOut: 'reconnectTimeout',
  sessionStore: 'store',
  idGenerator: 'genSid, which is called with this = ctx',
  generateId: 'genSid, which is called with this = ctx',
  expiration: 'ttl, in ms',
  lifetime: 'ttl, in ms',
  timeout: 'ttl, in ms, for an idle session, or absoluteTimeout',
  idleTimeout: 'ttl, in ms',
  touchAfter: 'renew, which extends a session only when little of it is left',
  disableTouch: 'renew, which extends a session only when little of it is left',
  hash: 'hashIds',
  crypto: 'encryption',
  debug: 'nothing: the events of docs/events.md say what happens to sessions',
  client: 'store: new RedisStore({ client }) of koa-sess/redis',
}

/**
 * What an unknown option is meant to be, as a sentence; undefined: it resembles nothing.
 * @param known The names of all options.
 */
export function meantBy(
  name: string,
  value: unknown,
  known: readonly string[],
): string | undefined {
  if (name.toLowerCase() === 'maxage' && value === 'session')
    return `${name}: 'session' is the default here: leave it out, and the cookie ends with the browser. ttl is how long the store keeps the session`
  if (isAttribute(name)) return `${name} is an attribute of the cookie: set options.cookie.${name}`
  const elsewhere = Object.hasOwn(ELSEWHERE, name) ? ELSEWHERE[name] : undefined
  if (elsewhere) return `Unknown option ${name}. Here it is ${elsewhere}`
  const option = sameLetters(name, known)
  if (option) return `Unknown option ${name}. It is spelled ${option}`
  const attribute = sameLetters(name, SPELLINGS)
  if (attribute) return `${name} is an attribute of the cookie: set options.cookie.${attribute}`
  return near(name, known)
}

function near(name: string, known: readonly string[]): string | undefined {
  const nearest = nearestName(name, [...known, ...SPELLINGS])
  if (nearest === undefined) return undefined
  const meant = known.includes(nearest) ? nearest : `cookie.${nearest}`
  return `Unknown option ${name}. Did you mean ${meant}?`
}

function sameLetters(name: string, names: readonly string[]): string | undefined {
  return names.find((each) => each.toLowerCase() === name.toLowerCase())
}
