import { SessionError } from './errors.js'
import { session } from './middleware.js'
import { MemoryStore } from './stores/memory.js'

// require('koa-sess') is the function itself, as it always was, so the classes hang on it too.
const callable = Object.assign(session, { MemoryStore, SessionError })

export type { CookieOptions, SessionCookie } from './attributes.js'
export type { SessionErrorCode } from './errors.js'
export type { Rejection, SessionEvent, SessionNotice } from './events.js'
export type { OnConflict } from './merge.js'
export type { SessionMiddleware } from './middleware.js'
export type { SessionIdStore, SessionOptions } from './options.js'
export type { RegenerateOptions, Session, SessionOf } from './session.js'
export type { LegacyStore, Replaced, SessionStore, StoredSession } from './store.js'
export type { DeferredSessionContext, SessionContext } from './types.js'
export { callable as default, callable as 'module.exports', MemoryStore, SessionError }
