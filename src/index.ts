import { session } from './koa/middleware.js'
import { MemoryStore } from './stores/memory/store.js'
import { SessionError } from './util/errors.js'

// require('koa-sess') is the function itself, as it always was, so the classes hang on it too.
const callable = Object.assign(session, { MemoryStore, SessionError })

export type { LiveSession } from './connections/live-session.js'
export type { CookieOptions, SessionCookie } from './cookie/attributes.js'
export type { SessionAppNotice, SessionEmitter, SessionEventMap } from './koa/event-types.js'
export type { OpeningRequest, OpenOptions } from './koa/open-options.js'
export type { SessionMiddleware } from './koa/session-middleware.js'
export type { DeferredSessionContext, SessionContext } from './koa/types.js'
export type { SessionIdStore, SessionOptions } from './options/session-options.js'
export type { UsersOptions } from './options/users-options.js'
export type { OnConflict } from './record/merge.js'
export type { RegenerateOptions } from './session/declared-data.js'
export type { Session, SessionOf } from './session/session.js'
export type {
  LegacyCallOptions,
  LegacyReadOptions,
  LegacyStore,
  LegacyWriteOptions,
  Replaced,
  ScanPage,
  SessionStore,
  StoredRecord,
  StoredSession,
} from './stores/contract.js'
export type { CurrentSessions } from './users/current-sessions.js'
export type { UserSessions } from './users/user-registry.js'
export type { UserSession } from './users/user-sessions.js'
export type { SessionErrorCode } from './util/errors.js'
export type { Rejection, SessionEvent, SessionNotice, UserReason } from './util/events.js'
export { callable as default, callable as 'module.exports', MemoryStore, SessionError }
