import genericSession from 'koa-generic-session'
import session from 'koa-sess'
import koaSession from 'koa-session'

export const KEYS = ['a-single-secret-of-the-application']

// The same cookie for all packages: their defaults differ in cost.
const maxAge = 86_400_000
const cookie = { maxAge, sameSite: 'lax', httpOnly: true, signed: true, overwrite: true }

/** Wraps koa-sess or another build of it. */
export function install(session) {
  return (store, { rolling }) => session({ store, cookie, rolling })
}

/** Creates each package's middleware on a store. */
export const PACKAGES = {
  'koa-sess': install(session),
  'koa-session': (store, { rolling }, app) => koaSession({ store, ...cookie, rolling }, app),
  'koa-generic-session': (store, { rolling }) =>
    genericSession({ store, cookie: { ...cookie }, rolling }),
}
