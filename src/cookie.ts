export { type CookieSessionOptions, cookieSession } from './koa/cookie-session.js'
