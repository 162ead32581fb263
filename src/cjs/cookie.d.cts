// What `require('koa-sess/cookie')` sees: the ES module's own types, as for the package itself.
import type * as only from '../cookie.js' with { 'resolution-mode': 'import' }

declare const cookieSession: typeof only.cookieSession
type CookieSessionOptions<Data extends object = SessionData> = only.CookieSessionOptions<Data>

export { type CookieSessionOptions, cookieSession }
